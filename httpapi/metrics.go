package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"truename"
)

// metrics counts. Every label has few, fixed values: patterns of routes, statuses, outcomes and codes.
type metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec   // route, status
	durations *prometheus.HistogramVec // route
	inFlight  prometheus.Gauge
	outcomes  *prometheus.CounterVec // outcome
	verifying prometheus.Histogram
	problems  *prometheus.CounterVec // code

	steps       *prometheus.CounterVec // step
	comparisons *prometheus.CounterVec // state
	decisions   *prometheus.CounterVec // verdict
	captures    *prometheus.CounterVec // state
}

func newMetrics(a *admission) *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_http_requests_total",
			Help: "Answered requests by route and status; 499 means that the client had gone."}, []string{"route", "status"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "truename_http_request_duration_seconds",
			Help:    "From a request's header to its answer, waiting included.",
			Buckets: []float64{.001, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}, []string{"route"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "truename_http_requests_in_flight",
			Help: "Requests that are being answered."}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_verifications_total",
			Help: "Verifications that gave a result, by outcome."}, []string{"outcome"}),
		verifying: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "truename_verification_duration_seconds",
			Help:    "From the last byte of the pictures to the result, waiting for a worker included.",
			Buckets: []float64{.01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}}),
		problems: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_problems_total",
			Help: "Problem documents by code."}, []string{"code"}),
	}
	m.steps = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_registrations_total",
		Help: "Steps of registrations on request of callers, by step."}, []string{"step"})
	m.comparisons = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_comparisons_total",
		Help: "Comparisons for registrations, by state of the finding."}, []string{"state"})
	m.decisions = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_decisions_total",
		Help: "Decisions asked for, by verdict."}, []string{"verdict"})
	m.captures = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "truename_captures_total",
		Help: "Capture sessions that were judged, by state of the finding."}, []string{"state"})
	m.registry.MustRegister(m.captures, m.steps, m.comparisons, m.decisions, m.requests, m.durations, m.inFlight, m.outcomes, m.verifying, m.problems,
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "truename_verification_queue_depth",
			Help: "Requests that are let in and have no worker: sending their pictures or waiting."}, func() float64 { return float64(a.waiting()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "truename_verification_workers_busy",
			Help: "Verifications that are running."}, func() float64 { return float64(a.busy()) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "truename_verification_workers",
			Help: "Verifications that can run at once."}, func() float64 { return float64(cap(a.workers)) }),
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	// Present from the start, so that a rate over them has a zero to begin with.
	for _, o := range []truename.Outcome{truename.OutcomeMatch, truename.OutcomeNoMatch, truename.OutcomeUnusable} {
		m.outcomes.WithLabelValues(string(o))
	}
	for _, e := range catalogue() {
		m.problems.WithLabelValues(string(e.Code))
	}
	return m
}

func (m *metrics) request(route string, status int, d time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Inc()
	m.durations.WithLabelValues(route).Observe(d.Seconds())
}

// outcome counts a result. Only the three outcomes come here, see coherent.
func (m *metrics) outcome(o truename.Outcome, d time.Duration) {
	m.outcomes.WithLabelValues(string(o)).Inc()
	m.verifying.Observe(d.Seconds())
}

func (m *metrics) step(name string)                   { m.steps.WithLabelValues(name).Inc() }
func (m *metrics) comparison(s truename.FindingState) { m.comparisons.WithLabelValues(string(s)).Inc() }
func (m *metrics) capture(s truename.FindingState)    { m.captures.WithLabelValues(string(s)).Inc() }
func (m *metrics) decision(v truename.Verdict)        { m.decisions.WithLabelValues(string(v)).Inc() }

// sessions shows how many capture sessions there are.
func (m *metrics) sessions(s *captures) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "truename_capture_sessions",
		Help: "Capture sessions that are in memory."}, func() float64 { return float64(s.count()) }))
}

// problem counts by code; codes that the catalogue does not know are counted together.
func (m *metrics) problem(code truename.Code) {
	if catalogued(code) == nil {
		code = "other"
	}
	m.problems.WithLabelValues(string(code)).Inc()
}

func (a *API) registerMetrics(api huma.API) {
	op := &huma.Operation{
		OperationID: "metrics", Method: http.MethodGet, Path: "/metrics", Tags: []string{tagServer},
		Summary:     "Numbers for Prometheus",
		Description: "Requests by route and status, durations, requests in flight, queue depth, outcomes, problems by code, and the Go process. No personal data. Keep it from the public at your proxy.",
		Responses: map[string]*huma.Response{"200": {Description: "Prometheus text format.",
			Content: map[string]*huma.MediaType{"text/plain": {Schema: &huma.Schema{Type: huma.TypeString}}}}},
		Extensions: shell("curl -fsS $TRUENAME/metrics | grep ^truename_"),
	}
	api.OpenAPI().AddOperation(op)
	a.mux.Handle("GET /metrics", promhttp.HandlerFor(a.metrics.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
}
