"""Making a policy pack from labelled reports (训练判重策略), and saying how good it is. Needs the extra `fit`; nothing else imports it."""
