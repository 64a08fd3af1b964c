package policy

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/ast"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"

	"truename"
)

// Bounds on an operator's expression.
const (
	maxExpression = 4096    // characters
	maxDepth      = 64      // nesting
	maxCost       = 200_000 // CEL cost units at run time; beyond, the condition counts as one that cannot be evaluated
	maxListed     = 1024    // findings shown to a condition; a case with more is referred
)

// condition is one condition, compiled.
type condition struct {
	form    conditionForm
	program cel.Program
}

// compile compiles the operator's conditions.
func (p *Pack) compile() error {
	if len(p.form.Conditions) == 0 {
		return nil
	}
	env, err := environment()
	if err != nil {
		return broken(err, "The language of conditions cannot be set up.")
	}
	for _, f := range p.form.Conditions {
		program, err := compileOne(env, f.When)
		if err != nil {
			return broken(err, fmt.Sprintf("The condition %q cannot be used: %s", f.ID, firstLine(err)))
		}
		p.conditions = append(p.conditions, condition{f, program})
	}
	return nil
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// environment declares what a condition can see.
func environment() (*cel.Env, error) {
	facts := cel.MapType(cel.StringType, cel.DynType)
	return cel.NewEnv(
		cel.ParserExpressionSizeLimit(maxExpression), cel.ParserRecursionLimit(maxDepth),
		cel.Variable("kind", cel.StringType), cel.Variable("channel", cel.StringType), cel.Variable("route", cel.StringType),
		cel.Variable("hour", cel.IntType), cel.Variable("weekday", cel.IntType), cel.Variable("appealed", cel.BoolType),
		cel.Variable("applicant", facts),
		cel.Variable("parties", cel.MapType(cel.StringType, facts)),
		cel.Variable("findings", cel.ListType(facts)),
		cel.Variable("latest", cel.MapType(cel.StringType, facts)),
	)
}

func compileOne(env *cel.Env, text string) (program cel.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the compiler failed: %v", r)
		}
	}()
	if len(text) > maxExpression {
		return nil, fmt.Errorf("it is longer than %d characters", maxExpression)
	}
	checked, issues := env.Compile(text)
	if issues != nil && issues.Err() != nil {
		return nil, issues.Err()
	}
	if out := checked.OutputType(); !out.IsExactType(cel.BoolType) && !out.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("it gives %s, not a bool", checked.OutputType())
	}
	// The order in which a literal map is walked is not defined, and a ruling must be the same every time.
	if len(ast.MatchDescendants(ast.NavigateAST(checked.NativeRep()), ast.KindMatcher(ast.MapKind))) > 0 {
		return nil, fmt.Errorf("it contains a literal map")
	}
	return env.Program(checked, cel.CostLimit(maxCost))
}

// holds evaluates the condition. An error is one of the expression: a key that is not there, a cost over the limit.
func (c condition) holds(input map[string]any) (bool, error) {
	out, _, err := c.program.Eval(input)
	if err != nil {
		return false, err
	}
	if b, ok := out.(types.Bool); ok {
		return bool(b), nil
	}
	return false, fmt.Errorf("the condition gave no bool")
}

// visible is what the conditions see of a case.
func (p *Pack) visible(c *truename.Case) map[string]any {
	at := c.At.In(p.zone)
	parties := map[string]ref.Val{}
	for _, f := range c.Parties {
		parties[string(f.Party)] = ordered(map[string]ref.Val{
			"document": types.String(f.Document), "country": types.String(f.Country), "age": types.Int(f.Age),
			"expired": types.Bool(f.Expired), "holdings": types.Int(f.Holdings)})
	}
	findings, latest := make([]ref.Val, 0, len(c.Findings)), map[string]ref.Val{}
	for _, f := range c.Findings {
		v := p.visibleFinding(c, f)
		findings = append(findings, v)
		if f.Party == truename.Applicant {
			latest[string(f.Stage)] = v
		}
	}
	applicant, ok := parties[string(truename.Applicant)]
	if !ok {
		applicant = ordered(map[string]ref.Val{})
	}
	return map[string]any{
		"kind": types.String(c.Kind), "channel": types.String(c.Channel), "route": types.String(c.Route),
		"hour": types.Int(at.Hour()), "weekday": types.Int(at.Weekday()), "appealed": types.Bool(c.Appealed),
		"applicant": applicant, "parties": ordered(parties), "latest": ordered(latest),
		"findings": types.NewRefValList(types.DefaultTypeAdapter, findings),
	}
}

func (p *Pack) visibleFinding(c *truename.Case, f truename.Finding) ref.Val {
	measures, labels := map[string]ref.Val{}, map[string]ref.Val{}
	for k, v := range f.Measures {
		measures[k] = types.Double(v)
	}
	for k, v := range f.Labels {
		labels[k] = types.String(v)
	}
	reasons := make([]ref.Val, 0, len(f.Reasons))
	for _, r := range f.Reasons {
		reasons = append(reasons, types.String(r))
	}
	return ordered(map[string]ref.Val{
		"stage": types.String(f.Stage), "party": types.String(f.Party), "state": types.String(f.State), "by": types.String(f.By),
		"reasons": types.NewRefValList(types.DefaultTypeAdapter, reasons), "measures": ordered(measures), "labels": ordered(labels),
		"hours_ago": types.Double(c.At.Sub(f.At).Hours()),
	})
}

// orderedMap is a map that is walked in the order of its keys.
type orderedMap struct {
	traits.Mapper
	keys []ref.Val
}

func ordered(m map[string]ref.Val) ref.Val {
	values, keys := make(map[ref.Val]ref.Val, len(m)), make([]ref.Val, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		values[types.String(k)] = m[k]
		keys = append(keys, types.String(k))
	}
	return orderedMap{types.NewRefValMap(types.DefaultTypeAdapter, values), keys}
}

// Iterator walks the keys in their order.
func (m orderedMap) Iterator() traits.Iterator {
	return types.NewRefValList(types.DefaultTypeAdapter, m.keys).Iterator()
}
