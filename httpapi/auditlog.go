package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"truename"
	"truename/audit"
)

// The path of tiles has several segments, which OpenAPI cannot say.
const (
	tilePath    = "/v1/audit/tile/{path}"
	tilePattern = "/v1/audit/tile/{path...}"
)

// registerAudit serves the transparency log by C2SP tlog-tiles and the public keys. They are for everybody: leaves are salted
// commitments without personal data, and a log that nobody can watch proves nothing.
func (a *API) registerAudit(h huma.API) {
	text := map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}
	octets := map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	a.public(h, &huma.Operation{
		OperationID: "read-checkpoint", Method: http.MethodGet, Path: "/v1/audit/checkpoint", Tags: []string{tagAudit},
		Summary:     "Read the newest checkpoint of the audit log",
		Description: "A signed note (C2SP tlog-checkpoint): size and root of the log. Witnesses co-sign it; whoever keeps an old one can check that the log has only grown.",
		Extensions:  shell("curl -sS $TRUENAME/v1/audit/checkpoint"),
	}, "The checkpoint", text, "GET /v1/audit/checkpoint", a.serveCheckpoint)
	a.public(h, &huma.Operation{
		OperationID: "read-verifier-key", Method: http.MethodGet, Path: "/v1/audit/key", Tags: []string{tagAudit},
		Summary:     "Read the verifier key of the audit log",
		Description: "The public key of the checkpoints, as a note verifier key. Keep it elsewhere, too: a key that comes from whoever is to be checked proves little.",
	}, "The key", text, "GET /v1/audit/key", a.serveVerifierKey)
	a.public(h, &huma.Operation{
		OperationID: "read-tile", Method: http.MethodGet, Path: tilePath, Tags: []string{tagAudit},
		Summary:     "Read a tile of the audit log",
		Description: "By C2SP tlog-tiles: `tile/<level>/<index>[.p/<width>]` holds hashes, `tile/entries/<index>[.p/<width>]` leaves.",
		Parameters:  []*huma.Param{{Name: "path", In: "path", Required: true, Description: "such as 0/x001/234, or entries/000.p/17", Schema: &huma.Schema{Type: huma.TypeString}}},
	}, "The tile", octets, "GET "+tilePattern, a.serveTile)
	a.public(h, &huma.Operation{
		OperationID: "read-jwks", Method: http.MethodGet, Path: "/.well-known/jwks.json", Tags: []string{tagActivation},
		Summary:     "Read the public keys of activation tokens",
		Description: "A JWK set (RFC 7517). A key that has been replaced stays in it for as long as tokens it signed are valid, and a week longer.",
	}, "The keys", map[string]*huma.MediaType{"application/json": {Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}},
		"GET /.well-known/jwks.json", a.serveJWKS)
}

// public adds an operation that everybody may use and whose answer is not JSON of ours.
func (a *API) public(h huma.API, op *huma.Operation, answer string, content map[string]*huma.MediaType, pattern string,
	serve func(context.Context, *http.Request) (contentType string, body []byte, err error)) {
	op.Responses = problemResponses(h.OpenAPI().Components.Schemas, map[string]*huma.Response{"200": {Description: answer + ".", Content: content}},
		truename.CodeNotFound, truename.CodeRecords, truename.CodeVault)
	h.OpenAPI().AddOperation(op)
	a.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		contentType, body, err := serve(r.Context(), r)
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		w.Header().Set("Content-Type", contentType)
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
	})
}

func (a *API) serveCheckpoint(ctx context.Context, _ *http.Request) (string, []byte, error) {
	note, err := a.config.Operator.Publisher.Publish(ctx, a.config.Operator.Log(ctx))
	return "text/plain; charset=utf-8", note, err
}

func (a *API) serveVerifierKey(context.Context, *http.Request) (string, []byte, error) {
	return "text/plain; charset=utf-8", []byte(a.config.Operator.Publisher.VerifierKey() + "\n"), nil
}

func (a *API) serveTile(ctx context.Context, r *http.Request) (string, []byte, error) {
	const contentType = "application/octet-stream"
	log := a.config.Operator.Log(ctx)
	path, err := audit.ParseTilePath("tile/" + r.PathValue("path"))
	if err != nil {
		return "", nil, err
	}
	size, err := log.Size(ctx)
	if err != nil {
		return "", nil, err
	}
	if !path.Within(size) {
		return "", nil, &truename.Error{Kind: truename.KindNotFound, Code: truename.CodeNotFound, Detail: "The log has no such tile.", Remedy: "Read the checkpoint for its size."}
	}
	if path.Level != audit.Entries {
		body, err := audit.Tile(ctx, log, path.Level, path.N, path.Width)
		return contentType, body, err
	}
	first := path.N * audit.TileWidth
	leaves, err := log.Leaves(ctx, first, first+int64(path.Width))
	if err != nil {
		return "", nil, err
	}
	return contentType, audit.EntriesTile(leaves), nil
}

func (a *API) serveJWKS(ctx context.Context, _ *http.Request) (string, []byte, error) {
	keys, err := a.config.Operator.JWKS(ctx)
	return "application/json", keys, err
}
