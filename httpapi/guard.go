package httpapi

import (
	"context"
	"errors"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"truename"
	"truename/access"
	"truename/registration"
)

// guard makes an operation one that only callers may use whose roles allow it, and no more often than their share.
func (a *API) guard(op *huma.Operation, may access.Operation) {
	op.Security = []map[string][]string{{"key": {}}, {"session": {}}}
	op.Middlewares = append(huma.Middlewares{func(hc huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(hc)
		actor, err := a.caller(r)
		if err == nil {
			err = access.Allow(actor, may)
		}
		if err != nil {
			a.refuse(w, r, err)
			return
		}
		next(huma.WithContext(hc, context.WithValue(hc.Context(), actorKey{}, actor)))
	}}, op.Middlewares...)
}

type actorKey struct{}

// actorOf gives the caller of a guarded operation.
func actorOf(ctx context.Context) truename.Actor { return ctx.Value(actorKey{}).(truename.Actor) }

// caller says who asks. Whoever sends credentials that do not hold is slowed down by address, everybody else by name.
func (a *API) caller(r *http.Request) (truename.Actor, error) {
	actor, err := a.config.Operator.Gate.Authenticate(r.Context(), access.CredentialsOf(r))
	if err == nil {
		return actor, a.limiter.Allow(actor.ID)
	}
	if truename.AsError(err).Kind == truename.KindUnauthenticated {
		if slow := a.strangers.Allow(address(r)); slow != nil {
			return truename.Actor{}, slow
		}
	}
	return truename.Actor{}, err
}

// address gives the network address a request comes from: that of the proxy, where there is one.
func address(r *http.Request) string {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	return host
}

// retryAfter gives the seconds of an error that says when to come back; 0: it does not say.
func retryAfter(err error) int {
	var after *access.RetryAfter
	if errors.As(err, &after) {
		return after.Seconds
	}
	return 0
}

// Conditional is the input of an operation on something that two people could change at once.
type Conditional struct {
	IfMatch string `header:"If-Match" doc:"the ETag that was seen: when somebody else has changed it since, nothing is written and the answer is 412"`
}

// version gives the version that the caller has seen; 0: any.
func (c Conditional) version() (int, error) {
	if c.IfMatch == "" || c.IfMatch == "*" {
		return 0, nil
	}
	seen := strings.TrimPrefix(c.IfMatch, "W/") // what a proxy that compresses makes of it
	n, err := strconv.Atoi(strings.Trim(seen, `"`))
	if err != nil || n < 1 || seen != etag(n) {
		return 0, invalid("", "The header If-Match is not an ETag of this API.", `Send the ETag as it was received, such as "3".`)
	}
	return n, nil
}

// etag gives a version as an ETag (RFC 9110, 8.8.3).
func etag(version int) string { return `"` + strconv.Itoa(version) + `"` }

// request says to the flows who asks, and under which key.
func request(ctx context.Context, c Conditional) (registration.Request, error) {
	version, err := c.version()
	key, _ := ctx.Value(repeatKey{}).(string)
	return registration.Request{Actor: actorOf(ctx), Key: key, Version: version}, err
}

// seen reads a registration that is the caller's to see.
func (a *API) seen(ctx context.Context, id string) (truename.Snapshot, error) {
	s, err := a.config.Operator.Records.Snapshot(ctx, id)
	if err != nil && truename.AsError(err).Kind == truename.KindNotFound {
		return s, access.NoRegistration()
	}
	if err != nil {
		return s, err
	}
	return s, access.Within(actorOf(ctx), &s.Registration)
}

// register adds a guarded operation. Its problems are those of every such operation and the ones given.
func register[I, O any](a *API, api huma.API, op huma.Operation, may access.Operation, handler func(context.Context, *I) (*O, error), codes ...truename.Code) {
	if op.DefaultStatus == 0 {
		op.DefaultStatus = http.StatusOK
	}
	write := op.Method != http.MethodGet
	if write && !slices.ContainsFunc(op.Parameters, isKeyHeader) {
		op.Parameters = append(op.Parameters, keyHeader())
	}
	everywhere := []truename.Code{truename.CodeInvalidRequest, truename.CodeUnauthenticated, truename.CodeForbidden, truename.CodeRateLimited,
		truename.CodeRecords, CodeInternal}
	if strings.Contains(op.Path, "{") {
		everywhere = append(everywhere, truename.CodeNotFound)
	}
	if write {
		everywhere = append(everywhere, truename.CodeKeyReused, truename.CodeInProgress, truename.CodeWrongState, truename.CodeStale, truename.CodeVault, truename.CodeClock, CodeCrossOrigin)
	}
	success := map[string]*huma.Response{strconv.Itoa(op.DefaultStatus): {Description: op.Summary + "."}}
	op.Responses = problemResponses(api.OpenAPI().Components.Schemas, success, slices.Concat(everywhere, codes)...)
	if write {
		op.Middlewares = append(op.Middlewares, a.repeatable)
		op.MaxBodyBytes, op.BodyReadTimeout = maxJSON, -1 // the body has been taken in by then
	}
	if may == access.CustomerAct {
		a.guardCustomer(&op)
	} else {
		a.guard(&op, may)
	}
	huma.Register(api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handler(ctx, in)
		if err != nil {
			return nil, a.problem(ctx, err)
		}
		return out, nil
	})
}

// maxJSON is the largest JSON body.
const maxJSON = 64 << 10
