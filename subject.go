package truename

// SubjectView is a subject with everything that refers to it, read in one transaction.
type SubjectView struct {
	Subject  Subject
	Consents []Consent // oldest first
	Accounts []Account // closed ones too, in the order of their ids
	// Registrations are the ids of those in which the subject is a party.
	Registrations []string
	// Evidence is what is kept of the subject, oldest first, without the boxes.
	Evidence []Sealed
}
