package api

import "truename"

// Review is a referral in the hands of reviewers, and what there is to look at.
type Review struct {
	truename.Review
	Item     Registration `json:"item" doc:"the registration"`
	Decision Decision     `json:"decision" doc:"why it was referred"`
	Evidence []Evidence   `json:"evidence" nullable:"false" doc:"pictures a reviewer who has claimed the case can look at"`
}

// Evidence names a picture of a case.
type Evidence struct {
	Party truename.Party        `json:"party" enum:"applicant,guardian,proxy,transferor"`
	Kind  truename.EvidenceKind `json:"kind" enum:"portrait,live"`
}

// ReviewPage is one page of reviews, the longest waiting first.
type ReviewPage struct {
	Items []truename.Review `json:"items" nullable:"false"`
	Next  string            `json:"next,omitempty" doc:"cursor of the next page; absent on the last one"`
}

// Verdict is the body of POST …/resolution.
type Verdict struct {
	Verdict truename.Verdict `json:"verdict" enum:"approve,refuse"`
	Code    truename.Code    `json:"code" enum:"same_person,document_genuine,guardian_verified,customer_explained,picture_quality,different_person,document_false,document_altered,attack_suspected,coerced,intermediary_suspected,not_enough_evidence" doc:"the reason; the first five approve, the others refuse"`
}
