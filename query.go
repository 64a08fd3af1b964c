package truename

// RegistrationQuery says which registrations are wanted. Empty fields are no condition.
type RegistrationQuery struct {
	State    RegistrationState
	Kind     RegistrationKind
	Outlet   string
	Channel  Channel
	Subject  string // a party
	OpenedBy string
	Number   []byte // blind index
	After    string // cursor of the last page
	Limit    int    // 1 to 1000; 0: 50
}

// ReviewQuery says which reviews are wanted. Empty fields are no condition.
type ReviewQuery struct {
	Open      bool // those not resolved only
	Outlet    string
	Channel   Channel
	ClaimedBy string
	After     string // cursor of the last page
	Limit     int    // 1 to 1000; 0: 50
}

// EventQuery says which events are wanted. Empty fields are no condition.
type EventQuery struct {
	Type         EventType
	Registration string
	After        string // cursor of the last page
	Limit        int    // 1 to 1000; 0: 50
}

// DeliveryQuery says which deliveries are wanted. Empty fields are no condition.
type DeliveryQuery struct {
	State   DeliveryState
	Webhook string
	Event   string
	After   string // cursor of the last page
	Limit   int    // 1 to 1000; 0: 50
}

// IdempotentState is what is known of the key of a request that may have been sent before.
type IdempotentState struct {
	// Claimed: the key is the caller's now, who ends with an answer or gives it up.
	Claimed bool
	// SameRequest: the key was used for the same request. It is false when it was used for another one.
	SameRequest bool
	// InProgress: somebody else is answering the request.
	InProgress bool
	// Done: the request was answered, with Status and Answer (as it was sealed by the caller).
	Done   bool
	Status int
	Answer []byte
}
