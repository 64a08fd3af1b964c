// Package tfjs turns two networks that are published as TensorFlow.js weights into ONNX files, which package onnx can
// run: dlib's face recognition network ([Dlib]) and MediaPipe's face mesh ([GraphModel]).
//
// It owns reading TensorFlow.js weights (the weights manifest, quantised shards), the structure of dlib's network, the
// operators of the face mesh, and the writing of ONNX. It does not fetch files (package models), does not run networks
// (package onnx) and does not know what their numbers mean (package face).
//
// Invariants:
//   - The bytes it reads are not trusted. Sizes are checked before anything is allocated; memory is bounded by a small
//     multiple of the weights given, which have a limit of their own. What does not fit is an error that names it.
//   - An operator or an attribute that is not understood is an error, never skipped.
//   - The same input gives the same bytes on every platform, so that a manifest can pin the result's SHA-256. Sums and
//     products are rounded one by one, as a fused multiply-add gives other bits on some processors.
//   - Pictures come in as NCHW with a batch of one.
//
// Licences and origin. The recognition weights are those of npm @vladmandic/face-api (MIT), there from
// justadudewhohacks/face-api.js (MIT), converted and partly quantised to 8 bits from dlib's
// dlib_face_recognition_resnet_model_v1.dat, which its author, Davis E. King, placed in the public domain (CC0); trained
// on about 3 million faces of 7,485 people from FaceScrub, VGG and the web, by his account. The face mesh is in npm
// @vladmandic/human (MIT), a conversion to 16-bit floats of a network of Google's MediaPipe (Apache-2.0); the training
// data is undisclosed but for its model card.
//
// Standards: ONNX IR version 8, operator set 17; TensorFlow.js' graph model and weights manifest as written by
// tensorflowjs_converter.
package tfjs
