package policy

import "truename"

// Codes of reasons. Beside these a ruling may carry the codes of the pack's own conditions, and those a reviewer gave.
const (
	CodeRequirementsMet truename.Code = "requirements_met" // everything the pack requires has passed

	// Refusals that stand, whatever a reviewer says.
	CodeKindNotAllowed      truename.Code = "kind_not_allowed"
	CodeChannelNotAllowed   truename.Code = "channel_not_allowed"
	CodeRouteNotAllowed     truename.Code = "route_not_allowed"
	CodeOutletNotRegistered truename.Code = "outlet_not_registered"
	CodeConsentMissing      truename.Code = "consent_missing"   // never given, or by somebody who could not give it
	CodeConsentWithdrawn    truename.Code = "consent_withdrawn" // given and taken back
	CodeDocumentNotAccepted truename.Code = "document_not_accepted"
	CodeDocumentExpired     truename.Code = "document_expired"
	CodeLimitReached        truename.Code = "limit_reached"
	CodeGuardianRequired    truename.Code = "guardian_required"
	CodeMinorNotHolder      truename.Code = "minor_not_holder" // the number has to be in the guardian's name
	CodePartyMinor          truename.Code = "party_minor"      // somebody who acts for another is a minor
	CodeProxyNotAllowed     truename.Code = "proxy_not_allowed"
	CodeNotTheHolder        truename.Code = "not_the_holder"

	// A stage's findings: what failed, what was in between, what could not be done, what is not there.
	CodeDocumentFailed        truename.Code = "document_failed"
	CodeDocumentUndecided     truename.Code = "document_undecided"
	CodeDocumentUnavailable   truename.Code = "document_unavailable"
	CodeDocumentMissing       truename.Code = "document_missing"
	CodeDocumentCopy          truename.Code = "document_copy"  // the original was not shown
	CodeDocumentKeyed         truename.Code = "document_keyed" // typed by hand, not read by a device
	CodeComparisonFailed      truename.Code = "comparison_failed"
	CodeComparisonUndecided   truename.Code = "comparison_undecided"
	CodeComparisonUnavailable truename.Code = "comparison_unavailable"
	CodeComparisonMissing     truename.Code = "comparison_missing"
	CodeComparisonWeak        truename.Code = "comparison_weak" // passed, but not at the pack's false-match rate
	CodeLivenessFailed        truename.Code = "liveness_failed"
	CodeLivenessUndecided     truename.Code = "liveness_undecided"
	CodeLivenessUnavailable   truename.Code = "liveness_unavailable"
	CodeLivenessMissing       truename.Code = "liveness_missing"
	CodeCaptureDiffers        truename.Code = "capture_differs" // the face that was compared is not the one found alive
	CodeDuplicateFailed       truename.Code = "duplicate_failed"
	CodeDuplicateUndecided    truename.Code = "duplicate_undecided"
	CodeDuplicateUnavailable  truename.Code = "duplicate_unavailable"
	CodeDuplicateMissing      truename.Code = "duplicate_missing"
	CodeInPersonFailed        truename.Code = "in_person_failed"
	CodeInPersonUndecided     truename.Code = "in_person_undecided"
	CodeInPersonUnavailable   truename.Code = "in_person_unavailable"
	CodeInPersonMissing       truename.Code = "in_person_missing"
	CodeHolderUndecided       truename.Code = "holder_undecided"
	CodeHolderUnavailable     truename.Code = "holder_unavailable"
	CodeHolderMissing         truename.Code = "holder_missing"

	// Referrals with other grounds.
	CodeAgeUnknown      truename.Code = "age_unknown"
	CodeGuardianCheck   truename.Code = "guardian_check" // somebody looks at whether this is the guardian
	CodeProxyCheck      truename.Code = "proxy_check"    // somebody looks at whether the proxy may act
	CodeFactsInvalid    truename.Code = "facts_invalid"  // the case contradicts itself
	CodeConditionFailed truename.Code = "condition_failed"
	CodePolicyFailed    truename.Code = "policy_failed"
	CodeAppealOpen      truename.Code = "appeal_open"
	CodeUnderReview     truename.Code = "under_review"

	// What reviewers concluded, when they gave no code the sentences know.
	CodeReviewApproved truename.Code = "review_approved"
	CodeReviewRefused  truename.Code = "review_refused"
)

// engineCodes lists what every pack can produce; each has a sentence. The last lines are the codes of reviewers
// (package review) and of what only the records know (package registration).
func engineCodes() []truename.Code {
	return []truename.Code{CodeRequirementsMet,
		CodeKindNotAllowed, CodeChannelNotAllowed, CodeRouteNotAllowed, CodeOutletNotRegistered, CodeConsentMissing, CodeConsentWithdrawn,
		CodeDocumentNotAccepted, CodeDocumentExpired, CodeLimitReached, CodeGuardianRequired, CodeMinorNotHolder, CodePartyMinor,
		CodeProxyNotAllowed, CodeNotTheHolder,
		CodeDocumentFailed, CodeDocumentUndecided, CodeDocumentUnavailable, CodeDocumentMissing, CodeDocumentCopy, CodeDocumentKeyed,
		CodeComparisonFailed, CodeComparisonUndecided, CodeComparisonUnavailable, CodeComparisonMissing, CodeComparisonWeak,
		CodeLivenessFailed, CodeLivenessUndecided, CodeLivenessUnavailable, CodeLivenessMissing, CodeCaptureDiffers,
		CodeDuplicateFailed, CodeDuplicateUndecided, CodeDuplicateUnavailable, CodeDuplicateMissing,
		CodeInPersonFailed, CodeInPersonUndecided, CodeInPersonUnavailable, CodeInPersonMissing,
		CodeHolderUndecided, CodeHolderUnavailable, CodeHolderMissing,
		CodeAgeUnknown, CodeGuardianCheck, CodeProxyCheck, CodeFactsInvalid, CodeConditionFailed, CodePolicyFailed, CodeAppealOpen, CodeUnderReview,
		CodeReviewApproved, CodeReviewRefused,
		"same_person", "document_genuine", "guardian_verified", "customer_explained", "picture_quality",
		"different_person", "document_false", "document_altered", "attack_suspected", "coerced", "intermediary_suspected", "not_enough_evidence",
		truename.CodeNumberTaken, truename.CodeErased}
}

// stageCode names what a stage's finding in a state, or its absence ("missing"), means.
func stageCode(s truename.Stage, state string) truename.Code {
	return truename.Code(string(s) + "_" + state)
}
