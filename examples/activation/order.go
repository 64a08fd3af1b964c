package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"truename"
	"truename/activation"
)

// order is what the carrier itself has on record for a registration: what a token must say, too.
type order struct {
	Kind   truename.RegistrationKind `json:"kind"`
	MSISDN string                    `json:"msisdn"`
	ICCID  string                    `json:"iccid,omitempty"`
}

// id is the form of truename's ids. They become names of files, so nothing else is taken.
var id = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func readOrder(folder, registration string) (order, error) {
	var o order
	data, err := os.ReadFile(filepath.Join(folder, registration+".json"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return o, refused("There is no order for this registration: nobody here has asked for it.")
	case err != nil:
		return o, usage("The order cannot be read.")
	case json.Unmarshal(data, &o) != nil || o.Kind == "" || o.MSISDN == "":
		return o, usage("The order is not the JSON of one: kind, msisdn, iccid.")
	}
	return o, nil
}

// matches refuses a token that is good, but for something else than was ordered.
func (o order) matches(registration string, c activation.Claims) error {
	for _, part := range []struct {
		name          string
		ordered, said string
	}{
		{"registration", registration, c.Registration},
		{"kind", string(o.Kind), string(c.Kind)},
		{"number", o.MSISDN, c.MSISDN},
		{"SIM", o.ICCID, c.ICCID},
	} {
		if part.ordered != part.said {
			return refused(fmt.Sprintf("The %s of the token is not the one that was ordered. Do not activate.", part.name))
		}
	}
	return nil
}
