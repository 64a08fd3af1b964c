package policy

// Liveness says what a pack makes of presentation attack detection: "required", "when_available" (not required, but one that
// was made and not passed is looked at by people) or "off".
func (p *Pack) Liveness() string {
	switch p.liveness {
	case needed:
		return "required"
	case whenAvailable:
		return "when_available"
	}
	return "off"
}
