package activation

import "truename"

const fetchNew = "Do not activate. Fetch a new token for the registration."

// refused is what every token that does not verify gives.
func refused(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeTokenInvalid, Detail: detail, Remedy: remedy, Cause: cause}
}

// unusable says that the ring of keys cannot be used.
func unusable(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindUnavailable, Code: truename.CodeVault, Detail: detail, Remedy: remedy, Cause: cause}
}

func badRequest(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}
