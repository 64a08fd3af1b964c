package record

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"truename"
)

// Limits of pages.
const (
	defaultPage = 50
	maxPage     = 1000
)

// page is a query in pages: newest first, or oldest first, by a time and an id.
type page struct {
	table, columns string
	at, id         string // the columns that order
	oldest         bool   // first
	conditions     []string
	args           []any
}

// where adds a condition on one value, written as "?"; conditions on empty strings are left out.
func (p *page) where(condition string, value any) {
	if s, ok := value.(string); ok && s == "" {
		return
	}
	p.args = append(p.args, value)
	p.conditions = append(p.conditions, strings.ReplaceAll(condition, "?", "$"+strconv.Itoa(len(p.args))))
}

// fetch gives a page and the cursor of the next one; an empty cursor is the end.
func fetch[T any](ctx context.Context, q querier, p page, after string, limit int, scan func(scanner) (T, error), key func(T) (at int64, id string)) ([]T, string, error) {
	direction, compare := "DESC", "<"
	if p.oldest {
		direction, compare = "ASC", ">"
	}
	if after != "" {
		at, id, err := parseCursor(after)
		if err != nil {
			return nil, "", err
		}
		p.args = append(p.args, at, id)
		p.conditions = append(p.conditions, fmt.Sprintf("(%s, %s) %s ($%d, $%d)", p.at, p.id, compare, len(p.args)-1, len(p.args)))
	}
	if limit <= 0 {
		limit = defaultPage
	}
	limit = min(limit, maxPage)
	query := "SELECT " + p.columns + " FROM " + p.table
	if len(p.conditions) > 0 {
		query += " WHERE " + strings.Join(p.conditions, " AND ")
	}
	query += fmt.Sprintf(" ORDER BY %s %s, %s %s LIMIT %d", p.at, direction, p.id, direction, limit+1)
	items, err := all(ctx, q, scan, query, p.args...)
	if err != nil || len(items) <= limit {
		return items, "", err
	}
	items = items[:limit]
	return items, formatCursor(key(items[limit-1])), nil
}

// A cursor is the time and the id of the last item that was seen. It is opaque to callers.
func formatCursor(at int64, id string) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s", at, id))
}

func parseCursor(s string) (at int64, id string, err error) {
	plain, err := base64.RawURLEncoding.DecodeString(s)
	number, id, found := strings.Cut(string(plain), ".")
	if err == nil {
		at, err = strconv.ParseInt(number, 10, 64)
	}
	if err != nil || !found || len(id) > 200 {
		return 0, "", &truename.Error{Kind: truename.KindInvalid, Code: truename.CodeInvalidRequest,
			Detail: "The cursor is not one of this server's.", Remedy: "Use the cursor of the last page as it is, or leave it out."}
	}
	return at, id, nil
}
