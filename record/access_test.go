package record_test

import (
	"truename/access"
	"truename/record"
)

// The store keeps what package access needs.
var _ access.Records = (*record.Store)(nil)
