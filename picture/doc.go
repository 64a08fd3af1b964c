// Package picture draws a verification: both faces with box and landmarks, the aligned crops that the recogniser saw,
// and the verdict in words. It decides nothing. What it draws is personal data; only a caller who asked for a picture
// gets one.
package picture
