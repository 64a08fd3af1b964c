package capture

import (
	"context"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"

	"truename"
)

const acceptedTypes = "Send a JPEG, PNG, WebP or HEIC picture."

func unsupported(detail, remedy string, cause error) error {
	return &truename.Error{Kind: truename.KindUnsupported, Code: truename.CodeUnsupportedType, Detail: detail, Remedy: remedy, Cause: cause}
}

func corrupt(cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeCorrupt,
		Detail: "The picture is damaged and cannot be decoded.", Remedy: "Send the original file, or take the picture again.", Cause: cause}
}

func truncated(cause error) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeTruncated,
		Detail: "The picture ends before its end marker.", Remedy: "Send the whole file; the transfer may have been interrupted.", Cause: cause}
}

func empty() error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeTruncated,
		Detail: "The file is empty.", Remedy: acceptedTypes}
}

func tooLarge(size, limit int64) error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooLarge,
		Detail: fmt.Sprintf("The file has %d bytes; the limit is %d.", size, limit), Remedy: "Send a smaller picture."}
}

func tooManyPixels(width, height, limit int) error {
	return &truename.Error{Kind: truename.KindTooLarge, Code: truename.CodeTooManyPixels,
		Detail: fmt.Sprintf("The picture has %d × %d pixels; the limit is %d pixels.", width, height, limit), Remedy: "Send a smaller picture."}
}

func timeout(cause error) error {
	return &truename.Error{Kind: truename.KindTimeout, Code: truename.CodeTimeout,
		Detail: "Decoding the picture was stopped: it took too long, or the caller went away.",
		Remedy: "Try again, or send a smaller picture.", Cause: cause}
}

// classify gives a decoder's error its code. An error that already has one passes.
func classify(err error) error {
	var known *truename.Error
	var jpegVariant jpeg.UnsupportedError
	var pngVariant png.UnsupportedError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return timeout(err)
	case errors.As(err, &jpegVariant), errors.As(err, &pngVariant):
		return unsupported("The picture is of a variant of its format that is not accepted.", "Save it as an ordinary JPEG or PNG.", err)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return truncated(err)
	}
	return corrupt(err)
}

func isTruncated(err error) bool {
	var e *truename.Error
	return errors.As(err, &e) && e.Code == truename.CodeTruncated
}
