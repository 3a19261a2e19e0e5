//go:build !linux && !darwin

package main

func free(string) int64 { return -1 }
