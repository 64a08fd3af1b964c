package audit

import (
	"context"
	"errors"

	"truename"
)

// CodeAuditInvalid is the code of everything that does not verify: a leaf that does not open, a receipt, a checkpoint,
// a co-signature, an export.
const CodeAuditInvalid truename.Code = "audit_invalid"

// invalid says that evidence does not hold.
func invalid(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: CodeAuditInvalid, Detail: detail, Remedy: remedy, Cause: cause}
}

// badRequest says that the caller asked for something that cannot be.
func badRequest(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}

// unreadable says that the stored log could not be read, unless err says it better.
func unreadable(err error) error {
	var known *truename.Error
	if errors.As(err, &known) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeRecords,
		Detail: "The audit log could not be read.", Remedy: "Check the database; nothing was changed.", Cause: err}
}
