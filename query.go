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

// Answer is what a request under an Idempotency-Key was answered.
type Answer struct {
	Request []byte // hash of what was asked
	Status  int
	Sealed  []byte // as it was sealed by whoever answered
}
