// Copies to shared memory that do not wait, clusters, and launches that overlap their predecessor.
// Inline PTX because the compiler has no expression for these instructions that keeps them exact.
#pragma once
#include <cstdint>

__device__ __forceinline__ uint32_t sharedAddress(const void* pointer) {
  return (uint32_t) __cvta_generic_to_shared(pointer);
}

// 16 bytes past the first-level cache; the second level fetches the whole 128-byte line.
__device__ __forceinline__ void copyAsync16(uint32_t to, const void* from) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16;" ::"r"(to), "l"(from));
}

__device__ __forceinline__ void copyAsync4(uint32_t to, const void* from) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4;" ::"r"(to), "l"(from));
}

__device__ __forceinline__ void commitCopies() {
  asm volatile("cp.async.commit_group;");
}

// Waits until at most `pending` (1 to 7) of this thread's latest groups are under way.
__device__ __forceinline__ void awaitCopies(int pending) {
#define AWAIT(N) case N: asm volatile("cp.async.wait_group " #N ";" ::: "memory"); break
  switch (pending) {
    AWAIT(2);
    AWAIT(3);
    AWAIT(4);
    AWAIT(5);
    AWAIT(6);
    AWAIT(7);
    default: asm volatile("cp.async.wait_group 1;" ::: "memory");
  }
#undef AWAIT
}

// Loads where `holds`; elsewhere the result is whatever the registers held, at no cost in
// shared-memory cycles. Volatile, so that loads are not moved so far ahead that registers run out.
__device__ __forceinline__ uint4 loadShared16If(bool holds, uint32_t address) {
  uint4 v;
  asm volatile("{.reg .pred p; setp.ne.b32 p, %5, 0; @p ld.shared.v4.b32 {%0,%1,%2,%3}, [%4];}"
      : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w) : "r"(address), "r"((int) holds));
  return v;
}

// A barrier that counts bytes of bulk copies as they arrive.
__device__ __forceinline__ void initBarrier(uint32_t barrier, bool isFirst) {
  if (isFirst) {
    asm volatile("mbarrier.init.shared.b64 [%0], 1; fence.mbarrier_init.release.cluster;" ::"r"(barrier)
                 : "memory");
  }
}

__device__ __forceinline__ void expectBytes(uint32_t barrier, int bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared.b64 _, [%0], %1;" ::"r"(barrier), "r"(bytes)
               : "memory");
}

// One contiguous copy by the copy engine; address and size are multiples of 16.
__device__ __forceinline__ void copyBulk(uint32_t to, const void* from, int bytes, uint32_t barrier) {
  asm volatile(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
      "l"(from), "r"(bytes), "r"(barrier) : "memory");
}

__device__ __forceinline__ void awaitBarrier(uint32_t barrier, int parity) {
  asm volatile(
      "{.reg .pred p; AGAIN%=: mbarrier.try_wait.parity.shared.b64 p, [%0], %1; @!p bra AGAIN%=;}" ::"r"(
          barrier), "r"(parity) : "memory");
}

__device__ __forceinline__ int clusterRank() {
  int rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
}

__device__ __forceinline__ int clusterSize() {
  int size;
  asm("mov.u32 %0, %%cluster_nctarank;" : "=r"(size));
  return size;
}

__device__ __forceinline__ int clusterIndex() {
  int index;
  asm("mov.u32 %0, %%clusterid.x;" : "=r"(index));
  return index;
}

__device__ __forceinline__ int clusterCount() {
  int count;
  asm("mov.u32 %0, %%nclusterid.x;" : "=r"(count));
  return count;
}

__device__ __forceinline__ void clusterArrive() {
  asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory");
}

__device__ __forceinline__ void clusterAwait() {
  asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory");
}

// The same shared-memory location in the block of rank `rank` of this cluster.
__device__ __forceinline__ uint32_t inBlock(uint32_t address, int rank) {
  uint32_t mapped;
  asm("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(mapped) : "r"(address), "r"(rank));
  return mapped;
}

__device__ __forceinline__ void storeCluster16(uint32_t address, float4 v) {
  asm volatile("st.shared::cluster.v4.f32 [%0], {%1,%2,%3,%4};" ::"r"(address), "f"(v.x),
               "f"(v.y), "f"(v.z), "f"(v.w) : "memory");
}

// Lets the next kernel of the stream start; it waits, below, before it reads what this one writes.
__device__ __forceinline__ void letDependentsStart() {
  asm volatile("griddepcontrol.launch_dependents;");
}

// Until all that earlier kernels of the stream wrote can be seen. Every kernel of a step calls this
// before it touches activations, so that waiting for one predecessor means waiting for all.
__device__ __forceinline__ void awaitPredecessors() {
  asm volatile("griddepcontrol.wait;" ::: "memory");
}
