package access

import (
	"context"
	"slices"

	"truename"
)

// Place says where the actor opens a registration: what is left out is what the actor is bound to. A place the actor is not
// bound to is forbidden, as is one that is suspended; self-service has no outlet, the other channels need one.
func (g *Gate) Place(ctx context.Context, a truename.Actor, channel truename.Channel, outlet string) (truename.Channel, string, error) {
	if channel == "" {
		channel = a.Channel
	}
	if outlet == "" && channel == a.Channel {
		outlet = a.Outlet
	}
	switch {
	case !slices.Contains(truename.Channels, channel):
		return "", "", invalid("The channel is missing or unknown.", "The channels are own_outlet, dealer and self_service.")
	case a.Channel != "" && channel != a.Channel, a.Outlet != "" && outlet != a.Outlet:
		return "", "", forbidden("The caller is bound to another outlet or channel.", "Leave channel and outlet out, or use the key of that outlet.")
	case channel == truename.SelfService && outlet != "":
		return "", "", invalid("Self-service takes place at no outlet.", "Leave the outlet out.")
	case channel == truename.SelfService:
		return channel, "", nil
	case outlet == "":
		return "", "", invalid("The outlet is missing.", "Say at which outlet the registration is opened.")
	}
	o, err := g.records.Outlet(ctx, outlet)
	switch {
	case isNotFound(err):
		return "", "", invalid("There is no such outlet.", "Check the outlet's id.")
	case err != nil:
		return "", "", err
	case o.Channel != channel:
		return "", "", invalid("The outlet belongs to another channel.", "Leave the channel out, or use the outlet's own.")
	case o.SuspendedAt != nil:
		return "", "", forbidden("The outlet is suspended: it opens no registrations.", "Ask the operator.")
	}
	return channel, outlet, nil
}

// Within says whether a registration is the actor's to see: nil, or a *truename.Error of KindNotFound, because an agent does
// not learn what exists at other outlets. An actor that is bound is bound in all its roles.
func Within(a truename.Actor, r *truename.Registration) error {
	if a.Channel != "" && a.Channel != r.Channel || a.Outlet != "" && a.Outlet != r.Outlet {
		return NoRegistration()
	}
	return nil
}

// NoRegistration is the error of a registration that does not exist, and of one that the actor may not know of.
func NoRegistration() error {
	return &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound,
		Detail: "There is no such registration.", Remedy: "Check the identifier."}
}
