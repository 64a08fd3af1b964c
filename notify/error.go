package notify

import "truename"

func invalid(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest, Detail: detail, Remedy: remedy}
}

func conflict(detail, remedy string) error {
	return &truename.Error{Kind: truename.KindConflict, Code: truename.CodeWrongState, Detail: detail, Remedy: remedy}
}

func untrusted(detail string) error {
	return &truename.Error{Kind: truename.KindUnauthenticated, Code: truename.CodeUnauthenticated, Detail: detail,
		Remedy: "Check the webhook's secret and the clock, and that the body is what came, byte for byte."}
}
