package tributary.gpu.cuda.blas;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import tributary.protocol.ErrorCode;
import tributary.protocol.TributaryException;

/** cuBLAS of CUDA 12 or 13, on one stream of the device's primary context. */
public final class Cublas implements AutoCloseable {
  private static final List<String> LIBRARIES =
      List.of(
          "libcublas.so.13",
          "libcublas.so.12",
          "/usr/local/cuda/lib64/libcublas.so.13",
          "/usr/local/cuda/lib64/libcublas.so.12");

  private static final int NO_TRANSPOSE = 0;
  private static final int TRANSPOSE = 1;
  private static final int BF16 = 14;
  private static final int COMPUTE_F32 = 68;
  private static final int DEFAULT_ALGORITHM = -1;

  private final Arena arena;
  private final MemorySegment handle;
  private final MethodHandle destroy;
  private final MethodHandle gemm;
  private final MemorySegment one;
  private final MemorySegment zero;
  private final String library;

  private Cublas(
      Arena arena, MemorySegment handle, MethodHandle destroy, MethodHandle gemm, String library) {
    this.arena = arena;
    this.handle = handle;
    this.destroy = destroy;
    this.gemm = gemm;
    this.library = library;
    this.one = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 1);
    this.zero = arena.allocateFrom(ValueLayout.JAVA_FLOAT, 0);
  }

  /** Opens the newest of the installed versions, if there is one; a device is in use already. */
  @SuppressWarnings("restricted") // Start scripts and tests allow native access.
  public static Optional<Cublas> open(long stream) {
    for (String name : LIBRARIES) {
      Arena arena = Arena.ofShared();
      try {
        return Optional.of(open(arena, SymbolLookup.libraryLookup(name, arena), name, stream));
      } catch (IllegalArgumentException | NoSuchElementException absent) {
        arena.close();
      } catch (RuntimeException | Error e) {
        arena.close();
        throw e;
      }
    }
    return Optional.empty();
  }

  private static Cublas open(Arena arena, SymbolLookup library, String name, long stream) {
    MethodHandle create = handle(library, "cublasCreate_v2", ValueLayout.ADDRESS);
    MethodHandle destroy = handle(library, "cublasDestroy_v2", ValueLayout.ADDRESS);
    MethodHandle setStream =
        handle(library, "cublasSetStream_v2", ValueLayout.ADDRESS, ValueLayout.JAVA_LONG);
    MethodHandle gemm =
        handle(
            library,
            "cublasGemmEx",
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.ADDRESS,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT,
            ValueLayout.JAVA_INT);
    MemorySegment made = arena.allocate(ValueLayout.ADDRESS);
    check("cublasCreate", call(() -> (int) create.invokeExact(made)));
    MemorySegment handle = made.get(ValueLayout.ADDRESS, 0);
    check("cublasSetStream", call(() -> (int) setStream.invokeExact(handle, stream)));
    return new Cublas(arena, handle, destroy, gemm, name);
  }

  /** Which library it is. */
  public String library() {
    return library;
  }

  /**
   * Row-major {@code out[m, n] = x[m, k] w[n, k]^T} of bf16 matrices, sums in fp32.
   *
   * @param out address of bf16 [m, n]
   * @param x address of bf16 [m, k]
   * @param w address of bf16 [n, k]
   */
  public void multiplyTransposed(long out, long x, long w, Extent extent) {
    // cuBLAS is column-major: out^T [n, m] = w [n, k] x^T [k, m].
    check(
        "cublasGemmEx " + extent,
        call(() ->
            (int)
                gemm.invokeExact(
                    handle,
                    TRANSPOSE,
                    NO_TRANSPOSE,
                    extent.n,
                    extent.m,
                    extent.k,
                    one,
                    w,
                    BF16,
                    extent.k,
                    x,
                    BF16,
                    extent.k,
                    zero,
                    out,
                    BF16,
                    extent.n,
                    COMPUTE_F32,
                    DEFAULT_ALGORITHM)));
  }

  /** Sizes of a product. */
  public record Extent(int m, int n, int k) {}

  @SuppressWarnings("restricted") // Start scripts and tests allow native access.
  private static MethodHandle handle(
      SymbolLookup library, String name, MemoryLayout... parameters) {
    return Linker.nativeLinker()
        .downcallHandle(
            library.findOrThrow(name), FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
  }

  private interface NativeCall {
    int status() throws Throwable;
  }

  private static int call(NativeCall call) {
    try {
      return call.status();
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new AssertionError("a native call throws nothing", e);
    }
  }

  private static void check(String call, int status) {
    if (status != 0) {
      throw new TributaryException(
          ErrorCode.DEVICE_FAILED, "%s: cuBLAS status %d".formatted(call, status));
    }
  }

  @Override
  public void close() {
    check("cublasDestroy", call(() -> (int) destroy.invokeExact(handle)));
    arena.close();
  }
}
