// The rotation of a head's components by a position's angles; the same bits in every kernel.
#pragma once

// Component x of a pair whose other one is y; `sine` is negated for the pair's first component.
__device__ __forceinline__ float rotatedComponent(float x, float y, float cosine, float sine, float scale) {
  return __fmul_rn(__fmaf_rn(x, cosine, __fmul_rn(y, sine)), scale);
}
