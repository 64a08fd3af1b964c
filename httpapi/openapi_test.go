package httpapi

import (
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"truename"
)

var update = flag.Bool("update", false, "write openapi.json from the code")

// The committed document shows every change of the API in a diff. Write it with: go test ./httpapi -run OpenAPI -update
func TestOpenAPIDocumentIsCommitted(t *testing.T) {
	got := get(t, newDesk(t, nil), "/openapi.json").Body.Bytes()
	if *update {
		if err := os.WriteFile("openapi.json", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("openapi.json is not what the code describes; go test ./httpapi -run OpenAPI -update writes it (-committed +code):\n%s", diff)
	}
}

func TestOpenAPIReferencesResolve(t *testing.T) {
	document := decodeDocument(t)
	schemas := document["components"].(map[string]any)["schemas"].(map[string]any)
	refs := 0
	walk(document, func(key string, v any) {
		if ref, ok := v.(string); ok && key == "$ref" {
			refs++
			if _, ok := schemas[strings.TrimPrefix(ref, "#/components/schemas/")]; !ok {
				t.Errorf("%s leads nowhere", ref)
			}
		}
		if key == "type" && v == "" {
			t.Error("a schema has an empty type")
		}
	})
	if refs == 0 {
		t.Error("the document has no references")
	}
	if got := document["openapi"]; got != "3.1.0" {
		t.Errorf("OpenAPI version %v", got)
	}
}

// What the product never does has no operation, parameter, field or value in the API.
func TestOpenAPIHasNothingThatIsNeverDone(t *testing.T) {
	document := decodeDocument(t)
	// What stands on a document is read from it, never inferred from a face; a minor's age comes from there, too.
	for schema, printed := range map[string][]string{"Document": {"birth_date", "sex"}, "ExportDocument": {"birth_date", "sex"}, "PartyFacts": {"age"}} {
		for _, name := range printed {
			if _, there := properties(document, schema)[name]; !there {
				t.Errorf("%s.%s is not in the document any more", schema, name)
			}
			delete(properties(document, schema), name)
		}
	}
	if found := forbidden(document); len(found) > 0 {
		t.Errorf("the API has words of what the product never does: %v", found)
	}
}

func TestForbiddenWordsAreFound(t *testing.T) {
	for name, doctored := range map[string]func(map[string]any){
		"operation": func(d map[string]any) {
			d["paths"].(map[string]any)["/v1/identifications"] = map[string]any{"post": map[string]any{"operationId": "find"}}
		},
		"field": func(d map[string]any) {
			properties(d, "Result")["estimatedAge"] = map[string]any{"type": "number"}
		},
		"value": func(d map[string]any) {
			properties(d, "Result")["list"] = map[string]any{"type": "string", "enum": []any{"watch_list"}}
		},
		"parameter": func(d map[string]any) {
			post := d["paths"].(map[string]any)["/v1/verifications"].(map[string]any)["post"].(map[string]any)
			post["parameters"] = []any{map[string]any{"name": "ethnicity", "in": "query"}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			document := decodeDocument(t)
			doctored(document)
			if len(forbidden(document)) == 0 {
				t.Error("not found")
			}
		})
	}
}

// forbidden gives the names in a document that belong to identification of people who claimed no identity, or to
// inferences about them. Sentences are not looked at: they may say what is not done.
func forbidden(document map[string]any) []string {
	words := map[string]bool{}
	for _, w := range strings.Fields(`identify identification identifications identities search searches watch watchlist watchlists
		watchlisted blacklist blocklist crowd stream streams gallery galleries candidate candidates lookup
		ethnicity ethnic ethnicities race racial skin nationality religion religious faith emotion emotions emotional mood
		expression sentiment age ages birth gender genders sex sexual orientation attractiveness beauty`) {
		words[w] = true
	}
	var found []string
	for _, name := range names(document) {
		for _, w := range splitWords(name) {
			if words[w] {
				found = append(found, name)
			}
		}
	}
	return found
}

// names gives paths, names of operations, tags, parameters, schemas and properties, and enumerated values.
func names(document map[string]any) []string {
	var all []string
	for path := range document["paths"].(map[string]any) {
		all = append(all, path)
	}
	for schema := range document["components"].(map[string]any)["schemas"].(map[string]any) {
		all = append(all, schema)
	}
	walk(document, func(key string, v any) {
		switch v := v.(type) {
		case string:
			if key == "operationId" || key == "name" {
				all = append(all, v)
			}
		case map[string]any:
			if key == "properties" || key == "headers" {
				for name := range v {
					all = append(all, name)
				}
			}
		case []any:
			if key == "enum" || key == "tags" {
				for _, value := range v {
					all = append(all, fmt.Sprint(value))
				}
			}
		}
	})
	return all
}

// splitWords splits snake_case, kebab-case, paths and camelCase into lower-case words.
func splitWords(name string) []string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case unicode.IsUpper(r):
			b.WriteByte(' ')
			b.WriteRune(unicode.ToLower(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			b.WriteRune(r)
		default:
			b.WriteByte(' ')
		}
	}
	return strings.Fields(b.String())
}

// Every code of an error that can cross a package border is explained.
func TestEveryErrorCodeIsInTheCatalogue(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../error.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	codes := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Code") {
			return true
		}
		code, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		codes++
		if catalogued(truename.Code(code)) == nil {
			t.Errorf("%s is not explained", code)
		}
		return true
	})
	if codes < 10 {
		t.Errorf("only %d codes found in error.go", codes)
	}
}

func TestCatalogueIsCompleteAndReachable(t *testing.T) {
	api := newAPI(t, nil)
	docs := get(t, api, "/docs").Body.String()
	seen := map[truename.Code]bool{}
	for _, e := range catalogue() {
		if seen[e.Code] || e.Status < 400 || e.Title == "" || e.Meaning == "" || e.Remedy == "" {
			t.Errorf("%s: given twice, or incomplete: %+v", e.Code, e)
		}
		seen[e.Code] = true
		if page := get(t, api, problemPath(e.Code)); page.Code != http.StatusOK || !strings.Contains(page.Body.String(), string(e.Code)) {
			t.Errorf("%s: its page answers %d", e.Code, page.Code)
		}
		if !strings.Contains(docs, `id="`+string(e.Code)+`"`) {
			t.Errorf("%s: no anchor in the reference", e.Code)
		}
	}
}

// The reference shows all of the document and loads nothing from elsewhere.
func TestReferenceIsCompleteAndSelfContained(t *testing.T) {
	api := newDesk(t, nil)
	page := get(t, api, "/docs")
	html := page.Body.String()
	for _, banned := range []string{"<script", "src=", "@import", "url(", "//unpkg", "https://", "style=", "onclick"} {
		if strings.Contains(html, banned) {
			t.Errorf("the page has %q", banned)
		}
	}
	policy := page.Header().Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'") || strings.Contains(policy, "unsafe") || strings.Contains(policy, "http") {
		t.Errorf("policy %q", policy)
	}
	document := decodeDocument(t)
	for path := range document["paths"].(map[string]any) {
		if !strings.Contains(html, "<code>"+path+"</code>") {
			t.Errorf("%s is not in the reference", path)
		}
	}
	for schema, s := range document["components"].(map[string]any)["schemas"].(map[string]any) {
		if !strings.Contains(html, `id="schema-`+schema+`"`) {
			t.Errorf("schema %s is not in the reference", schema)
		}
		for property := range s.(map[string]any)["properties"].(map[string]any) {
			if !strings.Contains(html, "<dt><code>"+property+"</code>") {
				t.Errorf("%s.%s is not in the reference", schema, property)
			}
		}
	}
	if !strings.Contains(html, "curl -sS $TRUENAME/v1/verifications -F portrait=@portrait.jpg") {
		t.Error("no example with curl")
	}
	if !strings.Contains(html, "&#34;code&#34;: &#34;unsupported_type&#34;") {
		t.Error("no example of a problem")
	}
	for anchor := range anchors(html) {
		if !strings.Contains(html, `id="`+anchor+`"`) {
			t.Errorf("#%s leads nowhere", anchor)
		}
	}
}

// anchors gives the targets of links within a page.
func anchors(html string) map[string]bool {
	found := map[string]bool{}
	for _, piece := range strings.Split(html, `href="#`)[1:] {
		anchor, _, _ := strings.Cut(piece, `"`)
		found[anchor] = true
	}
	return found
}

func decodeDocument(t *testing.T) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal(get(t, newDesk(t, nil), "/openapi.json").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

func properties(document map[string]any, schema string) map[string]any {
	return document["components"].(map[string]any)["schemas"].(map[string]any)[schema].(map[string]any)["properties"].(map[string]any)
}

// walk visits every member of every object, in a fixed order.
func walk(v any, visit func(key string, v any)) {
	switch v := v.(type) {
	case map[string]any:
		keys := make([]string, 0, len(v))
		for k := range v {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			visit(k, v[k])
			walk(v[k], visit)
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}
