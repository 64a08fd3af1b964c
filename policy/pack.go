package policy

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"truename"
)

// Pack is a policy pack, checked and compiled. It does not change and is safe for concurrent use.
type Pack struct {
	text       []byte
	ref        truename.PackRef
	form       form
	zone       *time.Location
	liveness   need
	duplicate  need
	conditions []condition
	sentences  map[truename.Code]sentence
}

//go:embed packs/*.toml
var builtin embed.FS

//go:embed sentences.toml
var sentenceText []byte

// maxPack bounds a pack's text, in bytes.
const maxPack = 64 << 10

// Builtin gives the names of the built-in packs, sorted.
func Builtin() []string {
	entries, err := builtin.ReadDir("packs")
	if err != nil {
		return nil
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".toml"))
	}
	slices.Sort(names)
	return names
}

// LoadBuiltin loads a built-in pack. An unknown name is a [truename.CodePolicyPack] error.
func LoadBuiltin(name string) (*Pack, error) {
	if !slices.Contains(Builtin(), name) {
		return nil, broken(nil, "There is no built-in policy pack of this name.")
	}
	text, err := builtin.ReadFile("packs/" + name + ".toml")
	if err != nil {
		return nil, broken(err, "There is no built-in policy pack of this name.")
	}
	return Load(text)
}

// Load reads a pack from its text, strictly: an unknown key, a rule without a source, a text missing in a language, a limit
// out of range, or a face that is the only way, and the pack does not load. Errors are *[truename.Error] with
// [truename.CodePolicyPack].
func Load(text []byte) (*Pack, error) {
	if len(text) > maxPack {
		return nil, broken(nil, fmt.Sprintf("The policy pack is longer than %d bytes.", maxPack))
	}
	digest := sha256.Sum256(text)
	p := &Pack{text: bytes.Clone(text)}
	if err := decode(text, &p.form); err != nil {
		return nil, broken(err, "The policy pack is not the TOML it has to be: "+place(err)+".")
	}
	p.ref = truename.PackRef{Name: p.form.Name, Version: p.form.Version, Digest: hex.EncodeToString(digest[:])}
	if err := p.check(); err != nil {
		return nil, err
	}
	if err := p.compile(); err != nil {
		return nil, err
	}
	return p, p.speak()
}

// decode reads strict TOML. The library has panicked on hostile input in the past; here that is an error like another.
func decode(text []byte, into any) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("decoding TOML: %v", r)
		}
	}()
	d := toml.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// place says where a pack is wrong, as far as the decoder knows.
func place(err error) string {
	var strict *toml.StrictMissingError
	var decode *toml.DecodeError
	switch {
	case errors.As(err, &strict) && len(strict.Errors) > 0:
		row, _ := strict.Errors[0].Position()
		return fmt.Sprintf("line %d has a key that no pack has (%s)", row, strings.Join(strict.Errors[0].Key(), "."))
	case errors.As(err, &decode):
		row, column := decode.Position()
		return fmt.Sprintf("line %d, column %d", row, column)
	}
	return "it cannot be decoded"
}

// speak collects the sentences: the built-in ones, the pack's own in their place, and those of conditions.
func (p *Pack) speak() error {
	var base struct {
		Text map[truename.Code]sentence `toml:"text"`
	}
	if err := decode(sentenceText, &base); err != nil {
		return broken(err, "The built-in sentences cannot be read.")
	}
	p.sentences = base.Text
	for code, s := range p.form.Texts {
		if !slices.Contains(engineCodes(), code) {
			return broken(nil, fmt.Sprintf("The pack has a text for %q, a code that it cannot produce.", code))
		}
		p.sentences[code] = s
	}
	codes := engineCodes()
	for _, c := range p.form.Conditions {
		if known, ok := p.sentences[c.Code]; ok && known != c.sentence {
			return broken(nil, fmt.Sprintf("The condition %q uses the code %q, which has another text already.", c.ID, c.Code))
		}
		p.sentences[c.Code] = c.sentence
		codes = append(codes, c.Code)
	}
	for _, code := range codes {
		s, ok := p.sentences[code]
		if !ok || !s.Reason.complete() || !s.Remedy.complete() {
			return broken(nil, fmt.Sprintf("The code %q lacks its reason or remedy in zh-CN or en.", code))
		}
	}
	return nil
}

// Ref names the pack exactly.
func (p *Pack) Ref() truename.PackRef { return p.ref }

// Text gives a copy of the text the pack was loaded from.
func (p *Pack) Text() []byte { return bytes.Clone(p.text) }

// broken makes the error of a pack that does not load.
func broken(cause error, detail string) error {
	return &truename.Error{Kind: truename.KindInvalid, Code: truename.CodePolicyPack, Detail: detail,
		Remedy: "Correct the policy pack; the built-in ones show the form.", Cause: cause}
}
