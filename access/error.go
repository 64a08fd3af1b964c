package access

import (
	"errors"

	"truename"
)

func unauthenticated(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindUnauthenticated, Code: truename.CodeUnauthenticated, Detail: detail, Remedy: remedy}
}

func forbidden(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindForbidden, Code: truename.CodeForbidden, Detail: detail, Remedy: remedy}
}

func invalid(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}

// because adds a cause for the log.
func because(err, cause error) error {
	if e, ok := errors.AsType[*truename.Error](err); ok {
		e.Cause = cause
	}
	return err
}

func isNotFound(err error) bool {
	e, ok := errors.AsType[*truename.Error](err)
	return ok && e.Kind == truename.KindNotFound
}
