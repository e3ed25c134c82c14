package simulator

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"slices"
)

// shuffled returns the items in another order each time if the knob says so, and
// in the order of their creation otherwise.
func shuffled[T any](x *exchange, items []T, id func(T) string) []T {
	if !x.knobs.ShuffleLists {
		return items
	}

	salt := newGUID()
	rank := func(item T) uint64 {
		sum := fnv.New64a()
		// Writing to a hash never fails.
		_, _ = fmt.Fprint(sum, salt, id(item))

		return sum.Sum64()
	}

	mixed := slices.Clone(items)
	slices.SortFunc(mixed, func(a, b T) int { return cmp.Compare(rank(a), rank(b)) })

	return mixed
}
