package record

import (
	"context"
	"database/sql"
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// micros is a time as it is stored.
func micros(t time.Time) int64 { return t.UnixMicro() }

// microsOrNull is a time that may be missing, as it is stored.
func microsOrNull(t *time.Time) any {
	if t == nil {
		return nil
	}
	return t.UnixMicro()
}

func timeOf(us int64) time.Time { return time.UnixMicro(us).UTC() }

func timeOrNil(us sql.NullInt64) *time.Time {
	if !us.Valid {
		return nil
	}
	t := timeOf(us.Int64)
	return &t
}

// blob is bytes as they are stored: none at all are NULL in every database.
func blob(b []byte) any {
	if len(b) == 0 {
		return nil
	}
	return b
}

// text is a document as it is stored.
func text(doc any) (string, error) {
	b, err := json.Marshal(doc)
	return string(b), err
}

// scanner is a row.
type scanner interface{ Scan(into ...any) error }

// scanDoc reads a row of one document.
func scanDoc[T any](row scanner) (T, error) {
	var t T
	var doc []byte
	if err := row.Scan(&doc); err != nil {
		return t, err
	}
	return t, json.Unmarshal(doc, &t)
}

func scanString(row scanner) (string, error) {
	var s string
	return s, row.Scan(&s)
}

func scanBytes(row scanner) ([]byte, error) {
	var b []byte
	return b, row.Scan(&b)
}

// all reads the rows of a query.
func all[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := q.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []T
	for rows.Next() {
		t, err := scan(rows)
		if err != nil {
			return nil, err
		}
		list = append(list, t)
	}
	return list, rows.Err()
}

// one reads a row that need not be there; nil when it is not.
func one[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (*T, error) {
	list, err := all(ctx, q, scan, query, args...)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return &list[0], nil
}

// must reads a row that has to be there.
func must[T any](ctx context.Context, q querier, scan func(scanner) (T, error), query string, args ...any) (T, error) {
	t, err := one(ctx, q, scan, query, args...)
	if err == nil && t == nil {
		err = notFound()
	}
	if err != nil {
		var none T
		return none, err
	}
	return *t, nil
}

// list writes "($from, $from+1, …)" for n values.
func list(from, n int) string {
	var b strings.Builder
	b.WriteByte('(')
	for i := range n {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString("$" + strconv.Itoa(from+i))
	}
	b.WriteByte(')')
	return b.String()
}

// tuples writes "($1, $2), ($3, $4), …": rows of width values.
func tuples(rows, width int) string {
	parts := make([]string, rows)
	for i := range rows {
		parts[i] = list(i*width+1, width)
	}
	return strings.Join(parts, ", ")
}
