package registration

import (
	"sync"

	"truename/policy"
)

// packCache keeps compiled packs: the one in force and those of earlier registrations that are still about.
type packCache struct {
	mu    *sync.Mutex
	packs map[string]*policy.Pack
}

// maxPacks bounds the cache; packs change a few times a year.
const maxPacks = 32

func newPackCache(current *policy.Pack) packCache {
	return packCache{&sync.Mutex{}, map[string]*policy.Pack{current.Ref().Digest: current}}
}

func (c packCache) get(digest string, load func() (*policy.Pack, error)) (*policy.Pack, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p := c.packs[digest]; p != nil {
		return p, nil
	}
	p, err := load()
	if err != nil {
		return nil, err
	}
	if len(c.packs) >= maxPacks {
		clear(c.packs)
	}
	c.packs[digest] = p
	return p, nil
}
