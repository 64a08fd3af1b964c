package chip

import (
	"errors"

	"truename"
)

// Reasons why a chip is not genuine: a check was made and does not hold.
const (
	// ReasonTruncated: a file or an element of it ends before its length says.
	ReasonTruncated truename.Code = "chip_truncated"
	// ReasonLength: a length field claims more than any file of a chip may have.
	ReasonLength truename.Code = "chip_length"
	// ReasonTrailing: there are bytes behind the end of a file or an element.
	ReasonTrailing truename.Code = "chip_trailing_data"
	// ReasonNotDER: an encoding that DER does not allow: indefinite or padded length, high tag number.
	ReasonNotDER truename.Code = "chip_not_der"
	// ReasonNesting: elements within elements deeper than any real file.
	ReasonNesting truename.Code = "chip_nesting"
	// ReasonMalformed: the encoding is sound, but it is not the structure that Doc 9303 prescribes here.
	ReasonMalformed truename.Code = "chip_malformed"
	// ReasonSeveralSigners: more than one signature, or none.
	ReasonSeveralSigners truename.Code = "chip_several_signers"
	// ReasonSignature: the signature of the security object, of the document signer or of a list does not hold.
	ReasonSignature truename.Code = "chip_signature_invalid"
	// ReasonHash: a data group is not the one that was signed.
	ReasonHash truename.Code = "chip_hash_mismatch"
	// ReasonUnlisted: a data group was delivered that the signed object does not list.
	ReasonUnlisted truename.Code = "chip_group_unlisted"
	// ReasonWeakKey: a key is shorter than Doc 9303-12 allows, or its parameters are not those of a sound key.
	ReasonWeakKey truename.Code = "chip_weak_key"
	// ReasonKeyUsage: a certificate may not be used for what it was used for.
	ReasonKeyUsage truename.Code = "chip_key_usage"
	// ReasonSignerExpired: the document signer's certificate is not valid at this time.
	ReasonSignerExpired truename.Code = "chip_signer_expired"
	// ReasonIssuerExpired: the country signing certificate is not valid at this time.
	ReasonIssuerExpired truename.Code = "chip_issuer_expired"
	// ReasonSigningTime: the stated time of signing is outside the validity of the signer, or in the future.
	ReasonSigningTime truename.Code = "chip_signing_time"
	// ReasonSignerRevoked: the document signer is on its country's revocation list.
	ReasonSignerRevoked truename.Code = "chip_signer_revoked"
	// ReasonIssuerRevoked: the country signing certificate is on its country's revocation list.
	ReasonIssuerRevoked truename.Code = "chip_issuer_revoked"
	// ReasonCountry: the State in the machine readable zone is not the one that has signed.
	ReasonCountry truename.Code = "chip_country_mismatch"
	// ReasonDocumentType: the signer may not sign documents of this type.
	ReasonDocumentType truename.Code = "chip_document_type"
	// ReasonActive: the chip's answer to the challenge does not verify: a copy, or another challenge.
	ReasonActive truename.Code = "chip_active_failed"
)

// Reasons why nothing is decided: a check could not be made.
const (
	// ReasonFileMissing: EF.SOD, DG1 or DG2 was not delivered, or a group that a further check needs.
	ReasonFileMissing truename.Code = "chip_file_missing"
	// ReasonHashUnknown: the groups are hashed with an algorithm that is not known here.
	ReasonHashUnknown truename.Code = "chip_hash_unknown"
	// ReasonAlgorithm: the signature has an algorithm or parameters that are not supported.
	ReasonAlgorithm truename.Code = "chip_algorithm_unsupported"
	// ReasonCurve: a key is on an elliptic curve that is not supported.
	ReasonCurve truename.Code = "chip_curve_unsupported"
	// ReasonSignerMissing: the security object does not carry its signer's certificate.
	ReasonSignerMissing truename.Code = "chip_signer_missing"
	// ReasonIssuerUnknown: no certificate in the store of trust has signed the document signer.
	ReasonIssuerUnknown truename.Code = "chip_issuer_unknown"
	// ReasonRevocationUnknown: there is no current revocation list of the issuer. A note where the operator accepts that.
	ReasonRevocationUnknown truename.Code = "chip_revocation_unknown"
	// ReasonCountryUnknown: the State in the machine readable zone has no country code to compare.
	ReasonCountryUnknown truename.Code = "chip_country_unknown"
	// ReasonActiveMissing: the operator demands active authentication and the chip was not challenged or has no key.
	ReasonActiveMissing truename.Code = "chip_active_missing"
	// ReasonSHA1: SHA-1 was used. A note, unless the operator refuses it.
	ReasonSHA1 truename.Code = "chip_sha1"
)

// Notes on a genuine chip.
const (
	// NoteCopyPossible: nothing has shown that this is the original chip and not a copy of its files.
	NoteCopyPossible truename.Code = "chip_copy_possible"
	// NotePortraitUnsupported: the portrait is JPEG 2000 or a record of an unknown version; its bytes cannot be decoded here.
	NotePortraitUnsupported truename.Code = "chip_portrait_unsupported"
	// NotePortraitUnreadable: the signed data group 2 holds no facial record that can be read.
	NotePortraitUnreadable truename.Code = "chip_portrait_unreadable"
)

// refusal is why a check ends: it does not hold, or it could not be made.
type refusal struct {
	code      truename.Code
	undecided bool
}

func (r *refusal) Error() string { return string(r.code) }

// failed is a check that does not hold.
func failed(code truename.Code) error { return &refusal{code: code} }

// unchecked is a check that could not be made.
func unchecked(code truename.Code) error { return &refusal{code: code, undecided: true} }

// asRefusal finds the refusal in err. What is none was not foreseen, and so nothing is decided about the encoding but
// that it is not the prescribed one.
func asRefusal(err error) *refusal {
	var r *refusal
	if errors.As(err, &r) {
		return r
	}
	return &refusal{code: ReasonMalformed}
}

// asError turns a refusal into the error of an import, where a caller and not a document is told.
func asError(err error, what string) *truename.Error {
	r := asRefusal(err)
	kind := truename.KindInvalid
	if r.undecided {
		kind = truename.KindUnsupported
	}
	return &truename.Error{Kind: kind, Code: r.code, Detail: what + " cannot be used.",
		Remedy: "Fetch it again from the issuer and check that it is complete.", Cause: err}
}
