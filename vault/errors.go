package vault

import (
	"errors"
	"fmt"

	"truename"
)

// errRefused marks that a key was there and did not fit: other key, other associated data, or altered bytes.
var errRefused = errors.New("the box does not open under this key and binding")

// unavailable is a key or box that cannot be used.
func unavailable(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeVault, Detail: detail, Remedy: remedy, Cause: cause}
}

// sealBroken is a box that does not open where it lies.
func sealBroken(cause error) error {
	return unavailable("Sealed data does not open: it was altered, or it belongs elsewhere.",
		"Restore the record from a backup; the same request fails again.", fmt.Errorf("%w: %w", errRefused, cause))
}

func invalid(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}

// erased is what every use of an erased subject's key gives.
func erased() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeErased,
		Detail: "The subject was erased: what was sealed for it cannot be opened.",
		Remedy: "Open a new registration with a new subject."}
}

// fileTrouble says that the master key file cannot be used, unless err says it better.
func fileTrouble(err error) error {
	return orElse(err, unavailable("The master key file cannot be used.", "See the cause in the server's log.", err))
}

// orElse gives err where it has a meaning of its own, else the other.
func orElse(err, other error) error {
	var e *truename.Error
	if errors.As(err, &e) {
		return err
	}
	return other
}
