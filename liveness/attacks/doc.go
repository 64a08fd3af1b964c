// Package attacks makes presentation attacks, and geometric head turns, out of test media.
package attacks
