package notify

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"truename"
)

const (
	attemptTime = 20 * time.Second
	saveTime    = 10 * time.Second
	readBytes   = 4 << 10 // of an answer's body, to use the connection again
	// early is how much before its time an attempt is made rather than planned anew: the clocks of two machines differ.
	early = time.Minute
)

// Records is what sending needs of the records. A missing record is a *truename.Error of KindNotFound.
type Records interface {
	// Delivery reads a delivery, its event and its webhook, all of one moment.
	Delivery(ctx context.Context, id string) (truename.Delivery, truename.Event, truename.Webhook, error)
	// SaveDelivery replaces a delivery and plans jobs, both or neither.
	SaveDelivery(ctx context.Context, d truename.Delivery, jobs []truename.Job) error
	webhookRecords
}

// Options are settings of a [Sender].
type Options struct {
	// Source is the CloudEvents source: a URI reference that names this installation. Required.
	Source string
	// Open opens a sealed secret of a webhook. Required.
	Open func(sealed []byte) ([]byte, error)
	// Leaf makes the audit leaf of a webhook that is disabled because its receiver is gone. Required. The payload is a [Change].
	Leaf    func(kind string, payload any) (truename.Leaf, error)
	Targets Targets
	// Roots are the authorities that receivers' certificates come from; nil: the system's.
	Roots    *x509.CertPool
	Resolver *net.Resolver    // nil: the system's
	Log      *slog.Logger     // nil: silence
	Now      func() time.Time // nil: the machine's clock
}

// Sender delivers events to webhooks. It is safe for concurrent use.
type Sender struct {
	records Records
	o       Options
	client  *http.Client
}

// New makes a sender.
func New(r Records, o Options) (*Sender, error) {
	if u, err := url.Parse(o.Source); r == nil || o.Open == nil || o.Leaf == nil || o.Source == "" || err != nil || u.User != nil {
		return nil, errors.New("notify: a sender needs records, a source that is a URI reference, a way to open secrets and a maker of audit leaves")
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	transport := &http.Transport{
		DialContext:         o.Targets.dialer(o.Resolver).DialContext,
		TLSClientConfig:     &tls.Config{RootCAs: o.Roots, MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout: 10 * time.Second, ForceAttemptHTTP2: true, DisableCompression: true,
		MaxResponseHeaderBytes: 16 << 10, MaxIdleConns: 100, MaxIdleConnsPerHost: 2, IdleConnTimeout: 30 * time.Second,
	}
	return &Sender{r, o, &http.Client{Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}, nil
}

// Close lets go of idle connections.
func (s *Sender) Close() { s.client.CloseIdleConnections() }

// ValidateURL checks a webhook's address when it is registered.
func (s *Sender) ValidateURL(address string) error { return s.o.Targets.ValidateURL(address) }

// Deliver makes one attempt at a delivery, if it is time for one, and writes what became of it together with the job of the
// next. It is what a job of kind deliver does. An error means that nothing was written and the job has to run again: the
// records or the vault failed, or ctx ended. A receiver that fails is no error.
func (s *Sender) Deliver(ctx context.Context, id string) error {
	d, event, w, err := s.records.Delivery(ctx, id)
	if isKind(err, truename.KindNotFound) {
		return nil // the webhook was removed, and its deliveries with it
	}
	if err != nil {
		return err
	}
	now := s.now()
	switch {
	case d.State != truename.DeliveryPending:
		return nil
	case w.Disabled != nil:
		return s.save(ctx, ended(d, truename.DeliveryFailed, now))
	case d.NextAt != nil && d.NextAt.Sub(now) > early:
		// A job whose process died after writing runs twice. The attempt it is about was made.
		return s.save(ctx, d, deliverAt(d.ID, *d.NextAt))
	}
	a, err := s.attempt(ctx, event, w)
	if err != nil {
		return err
	}
	return s.settle(ctx, d, w, a)
}

// answer is what became of an attempt.
type answer struct {
	status     int // 0: none was received
	retryAfter time.Duration
	cause      error // of status 0
}

// attempt sends once. Its error is not the receiver's.
func (s *Sender) attempt(ctx context.Context, e truename.Event, w truename.Webhook) (answer, error) {
	body, err := encode(s.o.Source, e)
	if err != nil {
		return answer{}, err
	}
	secrets, err := openSecrets(s.o.Open, w)
	if err != nil {
		return answer{}, err
	}
	at := s.now()
	signature, err := Sign(e.ID, at, body, secrets...)
	if err != nil {
		return answer{}, err
	}
	u, err := s.o.Targets.parse(w.URL)
	if err != nil {
		return answer{cause: err}, nil // what is allowed may have changed since it was registered
	}
	limited, cancel := context.WithTimeout(ctx, attemptTime)
	defer cancel()
	r := (&http.Request{Method: http.MethodPost, URL: u, Host: u.Host, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)),
		GetBody: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil },
		Header: http.Header{HeaderID: {e.ID}, HeaderTimestamp: {strconv.FormatInt(at.Unix(), 10)}, HeaderSignature: {signature},
			"Content-Type": {ContentType}, "User-Agent": {"truename"}}}).WithContext(limited)
	a := s.send(r)
	if a.status == 0 && ctx.Err() != nil {
		return answer{}, ctx.Err() // this process is stopping
	}
	return a, nil
}

func (s *Sender) send(r *http.Request) answer {
	response, err := s.client.Do(r)
	if err != nil {
		// The outer error would repeat the address.
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err
		}
		return answer{cause: err}
	}
	defer response.Body.Close()
	if n := response.ContentLength; n >= 0 && n <= readBytes {
		_, _ = io.CopyN(io.Discard, response.Body, n)
	}
	return answer{status: response.StatusCode, retryAfter: retryAfter(response.Header, s.now())}
}

// settle writes what became of an attempt, even when the process is stopping.
func (s *Sender) settle(ctx context.Context, d truename.Delivery, w truename.Webhook, a answer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTime)
	defer cancel()
	now := s.now()
	d.Attempts++
	d.Status = a.status
	s.o.Log.InfoContext(ctx, "webhook", "delivery", d.ID, "webhook", w.ID, "attempt", d.Attempts, "status", a.status, "cause", a.cause)
	if a.status >= 200 && a.status <= 299 {
		return s.save(ctx, ended(d, truename.DeliveryDelivered, now))
	}
	if a.status == http.StatusGone {
		if err := s.disable(ctx, w, now); err != nil {
			return err
		}
		return s.save(ctx, ended(d, truename.DeliveryFailed, now))
	}
	pause, more := wait(d.Attempts, a.retryAfter)
	if !more {
		return s.save(ctx, ended(d, truename.DeliveryFailed, now))
	}
	next := now.Add(pause)
	d.NextAt, d.UpdatedAt = &next, now
	return s.save(ctx, d, deliverAt(d.ID, next))
}

// disable ends a webhook whose receiver has said that it is gone. If somebody changed the webhook meanwhile, it is disabled
// as it now is, unless it has another address: of that one nothing is known.
func (s *Sender) disable(ctx context.Context, w truename.Webhook, now time.Time) error {
	address := w.URL
	_, err := revise(ctx, s.records, w, func(w *truename.Webhook) (*truename.Leaf, error) {
		if w.Disabled != nil || w.URL != address {
			return nil, nil
		}
		w.Disabled, w.DisabledFor = &now, disabledGone
		leaf, err := s.o.Leaf(LeafWebhookDisabled, Change{By: "system", ByKind: truename.ActorSystem, Webhook: w.ID, Reason: disabledGone})
		return &leaf, err
	})
	if isKind(err, truename.KindNotFound) {
		return nil
	}
	return err
}

// save writes a delivery. One that is gone by now needs nothing written.
func (s *Sender) save(ctx context.Context, d truename.Delivery, jobs ...truename.Job) error {
	if err := s.records.SaveDelivery(ctx, d, jobs); err != nil && !isKind(err, truename.KindNotFound) {
		return err
	}
	return nil
}

func ended(d truename.Delivery, state truename.DeliveryState, now time.Time) truename.Delivery {
	d.State, d.NextAt, d.UpdatedAt = state, nil, now
	return d
}

func deliverAt(id string, at time.Time) truename.Job {
	return truename.Job{Kind: truename.JobDeliver, ID: id, At: at}
}

// now is the time as databases keep it.
func (s *Sender) now() time.Time { return s.o.Now().UTC().Truncate(time.Microsecond) }

func isKind(err error, k truename.Kind) bool {
	e, ok := errors.AsType[*truename.Error](err)
	return ok && e.Kind == k
}
