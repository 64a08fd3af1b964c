package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"runtime"
	"sync"
	"time"

	"truename"
	"truename/access"
	"truename/audit"
	"truename/httpapi"
	"truename/record"
	"truename/web"
)

type serveCommand struct {
	engineFlags
	operatorFlags
	staffFlags
	TLSCert          string  `name:"tls-cert" help:"Certificate chain (PEM): the server speaks TLS itself. API keys that were made with a client certificate need this." type:"existingfile" env:"TRUENAME_TLS_CERT"`
	TLSKey           string  `name:"tls-key" help:"Its private key (PEM)." type:"existingfile" env:"TRUENAME_TLS_KEY"`
	Listen           string  `help:"Address and port; port 0 picks a free one." default:"127.0.0.1:8080"`
	TargetFMR        float64 `name:"target-fmr" help:"False-match rate that is accepted by /v1/verifications unless a request asks for another; registrations have that of the policy pack." default:"1e-4"`
	Workers          int     `help:"Comparisons at once; 0 is one for each core." default:"0"`
	Queue            int     `help:"Requests with pictures that may wait; one more is answered 503 with Retry-After." default:"8"`
	PerSecond        float64 `name:"per-second" help:"Requests one caller may send per second; twice as many at once." default:"50"`
	CaptureSessions  int     `name:"capture-sessions" help:"How many customers can show their face on their own device at once; each takes up to 5 MiB of memory. One more is answered 503 with Retry-After." default:"64"`
	OpenVerification bool    `name:"open-verification" help:"Let everybody use /v1/verifications and the page, of which nothing is kept. Without --data and --records nothing else is served and it is always open."`
}

func (c serveCommand) Run(ctx context.Context, out output) error {
	listener, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return usage("The address cannot be listened on.", "Choose another with --listen.", err)
	}
	defer listener.Close()
	scheme := "http"
	if c.TLSCert != "" || c.TLSKey != "" {
		scheme = "https"
	}
	return c.serve(ctx, listener, out.Err, func() {
		fmt.Fprintf(out.Out, "truename is at %s://%s (API reference: /docs; stop with Ctrl-C)\n", scheme, listener.Addr())
	})
}

// tls gives the settings of TLS; nil: there is none. The server asks for client certificates without demanding one: which key
// needs which certificate is for package access to say, by the certificate itself and not by who issued it.
func (c serveCommand) tls() (*tls.Config, error) {
	if c.TLSCert == "" && c.TLSKey == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, usage("Certificate and key cannot be used.", "Name a chain and the key that belongs to it, in PEM, with --tls-cert and --tls-key.", err)
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequestClientCert}, nil
}

// serve answers requests until the context is done. ready is called when it begins to.
func (c serveCommand) serve(ctx context.Context, listener net.Listener, log io.Writer, ready func()) error {
	limits, err := c.limits()
	if err != nil {
		return err
	}
	encrypted, err := c.tls()
	if err != nil {
		return err
	}
	engine, err := c.open(limits.Workers)
	if err != nil {
		return err
	}
	defer engine.Close()
	page, err := web.Handler()
	if err != nil {
		return err
	}
	logger := slog.New(slog.NewJSONHandler(log, nil))
	config := httpapi.Config{Verifier: engine, Ready: engine.Ready, Page: page, TargetFMR: c.TargetFMR, Limits: limits, Logger: logger, TLS: encrypted}
	if c.Data != "" || c.Records != "" {
		o, err := c.operator(ctx, comparer{engine})
		if err != nil {
			return err
		}
		defer o.close()
		if config.Operator, err = o.served(c); err != nil {
			return err
		}
		config.Operator.Customers.Examiner = engine.Examiner()
		config.Ready = func(ctx context.Context) error { return errors.Join(engine.Ready(ctx), o.store.Ping(ctx)) }
		stop, err := o.work(ctx, logger)
		if err != nil {
			return err
		}
		defer stop()
	}
	api, err := httpapi.New(config)
	if err != nil {
		return usage("The server cannot be set up like this.", "Choose another --target-fmr or --per-second.", err)
	}
	ready()
	return httpapi.Serve(ctx, listener, api, logger)
}

func (c serveCommand) limits() (httpapi.Limits, error) {
	limits := httpapi.DefaultLimits()
	limits.Queue = c.Queue
	limits.Workers = c.Workers
	if limits.Workers == 0 {
		limits.Workers = runtime.GOMAXPROCS(0)
	}
	if err := limits.Check(); err != nil {
		return limits, usage("The limits cannot be used.", "Choose other --workers and --queue.", err)
	}
	return limits, nil
}

// staffFlags say how members of staff sign in.
type staffFlags struct {
	Origin       string           `help:"Address of the page, for passkeys: https://desk.example.com. Without it members of staff do not sign in by passkeys." env:"TRUENAME_ORIGIN" placeholder:"URL"`
	OIDCIssuer   string           `name:"oidc-issuer" help:"Identity provider that members of staff sign in at." env:"TRUENAME_OIDC_ISSUER" placeholder:"URL"`
	OIDCClient   string           `name:"oidc-client" help:"Id of this software at the provider." env:"TRUENAME_OIDC_CLIENT"`
	OIDCSecret   truename.Private `name:"oidc-secret" help:"Secret of this software at the provider; better in the environment." env:"TRUENAME_OIDC_SECRET"`
	OIDCRedirect string           `name:"oidc-redirect" help:"Address the provider sends browsers back to: …/v1/session/oidc/callback." env:"TRUENAME_OIDC_REDIRECT" placeholder:"URL"`
}

// signIns makes the ways in that were asked for.
func (f staffFlags) signIns(g *access.Gate) (passkeys *access.PasskeySignIn, provider *access.OIDCSignIn, err error) {
	if f.Origin != "" {
		u, err := url.Parse(f.Origin)
		if err != nil || u.Hostname() == "" {
			return nil, nil, usage("The origin is not a URL with a host.", "Use --origin https://desk.example.com.", err)
		}
		if passkeys, err = access.NewPasskeySignIn(g, access.PasskeyOptions{Domain: u.Hostname(), Name: "truename", Origins: []string{f.Origin}}); err != nil {
			return nil, nil, usage("Passkeys cannot be used with this origin.", "Use --origin https://desk.example.com.", err)
		}
	}
	if f.OIDCIssuer != "" {
		provider, err = access.NewOIDCSignIn(g, access.OIDCOptions{Issuer: f.OIDCIssuer, ClientID: f.OIDCClient, Secret: f.OIDCSecret, Redirect: f.OIDCRedirect})
		if err != nil {
			return nil, nil, usage("The identity provider cannot be used like this.", "Check --oidc-issuer, --oidc-client and --oidc-redirect.", err)
		}
	}
	return passkeys, provider, nil
}

// answersName binds the answers that are kept for repeated requests to their use.
const answersName = "answer"

// linkName binds customers' links to their use.
const linkName = "customer-link"

// served gives the operator as the API needs it.
func (o *operator) served(c serveCommand) (*httpapi.Operator, error) {
	passkeys, provider, err := c.signIns(o.gate)
	if err != nil {
		return nil, err
	}
	return &httpapi.Operator{
		Gate: o.gate, Flow: o.flow, Desk: o.desk, Office: o.office, Records: o.store, Webhooks: o.book,
		Log: func(ctx context.Context) audit.Source { return o.store.Log(ctx) }, Publisher: o.publisher,
		JWKS: func(ctx context.Context) ([]byte, error) {
			now := time.Now()
			ring, err := o.tokens.ring(ctx, now)
			if err != nil {
				return nil, err
			}
			return ring.JWKS(now)
		},
		Seal: func(b []byte) ([]byte, error) { return o.vault.SealService(answersName, b) },
		Open: func(b []byte) ([]byte, error) { return o.vault.OpenService(answersName, b) },
		Customers: httpapi.Customers{Sessions: c.CaptureSessions, Links: access.Links{
			Seal: func(b []byte) ([]byte, error) { return o.vault.SealService(linkName, b) },
			Open: func(b []byte) ([]byte, error) { return o.vault.OpenService(linkName, b) },
		}},
		Passkeys: passkeys, OIDC: provider, OpenVerification: c.OpenVerification, PerSecond: c.PerSecond,
	}, nil
}

// Times of what is done again and again.
const (
	publishEvery = time.Minute
	purgeEvery   = time.Hour
	keepAnswers  = 7 * 24 * time.Hour
	stopJobs     = 20 * time.Second
)

// work begins what goes on beside the requests: jobs, checkpoints of the log, and dropping what has expired. stop ends it.
func (o *operator) work(ctx context.Context, logger *slog.Logger) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	stopJobsNow, err := o.store.RunJobs(context.WithoutCancel(ctx), map[truename.JobKind]func(context.Context, string) error{
		truename.JobDeliver:  o.sender.Deliver,
		truename.JobLapse:    done(o.flow.Lapse),
		truename.JobPurge:    done(o.flow.Purge),
		truename.JobReverify: done(o.flow.Reverify),
	}, record.JobOptions{Logger: logger})
	if err != nil {
		cancel()
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() {
		every(ctx, publishEvery, logger, "publish checkpoint", func(ctx context.Context) error {
			_, err := o.publisher.Publish(ctx, o.store.Log(ctx))
			return err
		})
	})
	running.Go(func() {
		every(ctx, purgeEvery, logger, "purge", func(ctx context.Context) error {
			now := time.Now()
			return o.store.PurgeExpired(ctx, now, now.Add(-keepAnswers))
		})
	})
	return func() {
		cancel()
		running.Wait()
		bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopJobs)
		defer cancel()
		if err := stopJobsNow(bounded); err != nil {
			logger.Error("jobs were cut off", "cause", err.Error())
		}
	}, nil
}

// done makes a job end when what it is about is gone.
func done(work func(context.Context, string) error) func(context.Context, string) error {
	return func(ctx context.Context, id string) error {
		err := work(ctx, id)
		if notFound(err) {
			return record.Cancel(err)
		}
		return err
	}
}

// every does something again and again until the context is done.
func every(ctx context.Context, d time.Duration, logger *slog.Logger, what string, do func(context.Context) error) {
	tick := time.NewTicker(d)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := do(ctx); err != nil && ctx.Err() == nil {
				logger.Error(what, "cause", err.Error())
			}
		}
	}
}
