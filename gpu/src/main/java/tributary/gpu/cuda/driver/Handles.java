package tributary.gpu.cuda.driver;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;

/** JCuda's objects by the plain numbers that they hide; the subclasses here let those be seen. */
final class Handles {
  static final class Memory extends CUdeviceptr {
    long address() {
      return getNativePointer();
    }
  }

  static final class Host extends Pointer {
    Host() {}

    private Host(long address) {
      super(address);
    }

    long address() {
      return getNativePointer();
    }
  }

  static final class Stream extends CUstream {
    long handle() {
      return getNativePointer();
    }
  }

  static final class Event extends CUevent {
    long handle() {
      return getNativePointer();
    }
  }

  static final class Module extends CUmodule {
    long handle() {
      return getNativePointer();
    }
  }

  static final class Function extends CUfunction {
    long handle() {
      return getNativePointer();
    }
  }

  static final class Graph extends CUgraphExec {
    long handle() {
      return getNativePointer();
    }
  }

  final Map<Long, Stream> streams = new ConcurrentHashMap<>();
  final Map<Long, Event> events = new ConcurrentHashMap<>();
  final Map<Long, Module> modules = new ConcurrentHashMap<>();
  final Map<Long, Function> functions = new ConcurrentHashMap<>();
  final Map<Long, Graph> graphs = new ConcurrentHashMap<>();

  /** Forgets all, for they are gone. */
  void clear() {
    streams.clear();
    events.clear();
    modules.clear();
    functions.clear();
    graphs.clear();
  }

  /** A device address as JCuda wants it. */
  static CUdeviceptr at(long address) {
    return new CUdeviceptr().withByteOffset(address);
  }

  /** Native host memory as JCuda wants it. */
  static Pointer at(MemorySegment memory) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("the driver copies native memory only");
    }
    return new Host(memory.address());
  }

  /** What a number stands for. */
  static <T> T known(Map<Long, T> handles, long handle, String what) {
    T known = handles.get(handle);
    if (known == null) {
      throw new IllegalStateException(
          "no such %s, or it was given back: %x".formatted(what, handle));
    }
    return known;
  }
}
