// Package vaekit trains and uses variational autoencoders.
package vaekit
