// Package score computes the scores and outcomes of lupus and of CAR-T cells, one file each: pure functions of typed
// input, with the source cited and every number that centers disagree about in a struct of parameters.
//
// What is not known stays unknown: an input that is missing makes an outcome not evaluable unless another criterion
// decides it alone. A missing item of a score is never 0. Every outcome tells the result of each of its criteria and the
// inputs that it used.
package score
