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

// The same, of which only the first `bytes` are read; the rest becomes zero.
__device__ __forceinline__ void copyAsync16(uint32_t to, const void* from, int bytes) {
  asm volatile("cp.async.cg.shared.global.L2::128B [%0], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes));
}

__device__ __forceinline__ void commitCopies() {
  asm volatile("cp.async.commit_group;");
}

// Waits until at most PENDING of this thread's latest groups are under way.
template <int PENDING>
__device__ __forceinline__ void awaitCopies() {
  asm volatile("cp.async.wait_group %0;" ::"n"(PENDING) : "memory");
}

__device__ __forceinline__ int clusterRank() {
  int rank;
  asm("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
  return rank;
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

__device__ __forceinline__ void storeCluster16(uint32_t address, float a, float b, float c, float d) {
  asm volatile("st.shared::cluster.v4.f32 [%0], {%1,%2,%3,%4};" ::"r"(address), "f"(a), "f"(b), "f"(c), "f"(d)
               : "memory");
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
