package tributary.gpu.cuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tributary.gpu.cuda.driver.Arguments;
import tributary.gpu.cuda.driver.CudaException;
import tributary.gpu.cuda.driver.DeviceFacts;
import tributary.gpu.cuda.driver.Driver;
import tributary.gpu.cuda.driver.LaunchShape;
import tributary.protocol.Bytes;

/**
 * A driver without a device: takes down what it is asked for, hands out addresses behind which
 * nothing is but where there is an image, and lets the test see what was written to pinned memory.
 */
final class RecordingDriver implements Driver {
  private static final int SHARED_BYTES = 227 * 1024;

  private final Arena host = Arena.ofShared();
  private final List<String> calls = new ArrayList<>();
  private final List<LaunchShape> shapes = new ArrayList<>();
  private final List<String> kernels = new ArrayList<>();
  private final Map<Long, String> names = new HashMap<>();
  private final List<MemorySegment> sources = new ArrayList<>();
  private boolean refusesPinning;
  private boolean failsUnpinning;
  private final List<Long> held = new ArrayList<>();
  private long next = 1L << 32;
  private long memory = Long.MAX_VALUE;
  private @Nullable CudaException nextFailure;
  private final @Nullable DeviceImage image;

  RecordingDriver() {
    this.image = null;
  }

  /**
   * @param image keeps what is written to the device
   */
  RecordingDriver(DeviceImage image) {
    this.image = image;
  }

  /** The calls since this was last asked. */
  List<String> takeCalls() {
    List<String> taken = List.copyOf(calls);
    calls.clear();
    return taken;
  }

  /** Things that were made and not given back. */
  int held() {
    return held.size();
  }

  /** What was copied to the device since this was last asked. */
  List<MemorySegment> takeSources() {
    List<MemorySegment> taken = List.copyOf(sources);
    sources.clear();
    return taken;
  }

  /** From now on no memory of others can be pinned. */
  void refusePinning() {
    refusesPinning = true;
  }

  /** From now on what is pinned cannot be let go of. */
  void failUnpinning() {
    failsUnpinning = true;
  }

  /** From now on there is no piece of memory larger than this. */
  void limitMemory(long bytes) {
    memory = bytes;
  }

  private long make(String call, long size) {
    calls.add(call);
    long made = next;
    next += Math.max(size, 256);
    held.add(made);
    return made;
  }

  private void giveBack(String call, long thing) {
    calls.add(call);
    if (!held.remove(thing)) {
      throw new AssertionError(call + " of something that is not held");
    }
  }

  @Override
  public DeviceFacts facts() {
    return new DeviceFacts("recorded device", 90, 132, SHARED_BYTES, new Bytes(1L << 36));
  }

  @Override
  public long allocate(long bytes) {
    if (bytes > memory) {
      throw new CudaException("cuMemAlloc", 2, "out of memory");
    }
    long address = make("allocate", bytes);
    if (image != null) {
      image.allocated(address, bytes);
    }
    return address;
  }

  @Override
  public void free(long address) {
    giveBack("free", address);
  }

  @Override
  public MemorySegment allocatePinned(long bytes) {
    MemorySegment memory = host.allocate(bytes, Long.BYTES);
    calls.add("allocatePinned");
    held.add(memory.address());
    return memory;
  }

  @Override
  public void freePinned(MemorySegment memory) {
    giveBack("freePinned", memory.address());
  }

  @Override
  public void pin(MemorySegment memory) {
    if (refusesPinning) {
      throw new CudaException("cuMemHostRegister", 2, "out of memory");
    }
    calls.add("pin");
    held.add(memory.address());
  }

  @Override
  public void unpin(MemorySegment memory) {
    if (failsUnpinning) {
      throw new CudaException("cuMemHostUnregister", 700, "illegal address");
    }
    giveBack("unpin", memory.address());
  }

  @Override
  public void copyToDevice(long to, MemorySegment from, long stream) {
    calls.add("copyToDevice");
    sources.add(from);
    if (image != null) {
      image.copied(to, from);
    }
  }

  @Override
  public void copyToHost(MemorySegment to, long from, long stream) {
    calls.add("copyToHost bytes=" + to.byteSize());
  }

  @Override
  public void copyOnDevice(long to, long from, long bytes, long stream) {
    calls.add("copyOnDevice");
  }

  @Override
  public void fill(long address, byte value, long bytes, long stream) {
    calls.add("fill");
    if (image != null) {
      image.filled(address, value, bytes);
    }
  }

  @Override
  public long loadModule(byte[] binary) {
    return make("loadModule", 0);
  }

  @Override
  public void unloadModule(long module) {
    giveBack("unloadModule", module);
  }

  @Override
  public Optional<Long> function(long module, String name) {
    long function = next++;
    names.put(function, name);
    return Optional.of(function);
  }

  @Override
  public void allowSharedMemory(long function, int bytes) {}

  @Override
  public int clustersAtOnce(long function, LaunchShape shape) {
    return 132 / shape.cluster();
  }

  /** The kernels that were launched or recorded since this was last asked. */
  List<LaunchShape> takeShapes() {
    List<LaunchShape> taken = List.copyOf(shapes);
    shapes.clear();
    return taken;
  }

  /** The names of these, in the same order. */
  List<String> takeKernels() {
    List<String> taken = List.copyOf(kernels);
    kernels.clear();
    return taken;
  }

  @Override
  public void launch(long function, LaunchShape shape, Arguments arguments, long stream) {
    calls.add("launch");
    String name = Objects.requireNonNull(names.get(function));
    kernels.add(name);
    if (image != null) {
      image.launched(name, arguments);
    }
    shapes.add(shape);
  }

  @Override
  public long createStream() {
    return make("createStream", 0);
  }

  @Override
  public void destroyStream(long stream) {
    giveBack("destroyStream", stream);
  }

  @Override
  public void synchronize(long stream) {
    calls.add("synchronize");
  }

  @Override
  public long createEvent() {
    return make("createEvent", 0);
  }

  @Override
  public void destroyEvent(long event) {
    giveBack("destroyEvent", event);
  }

  @Override
  public void recordEvent(long event, long stream) {
    calls.add("recordEvent");
  }

  @Override
  public void awaitEvent(long event) {
    calls.add("awaitEvent");
  }

  @Override
  public void await(long event, long stream) {
    calls.add("await");
  }

  @Override
  public double milliseconds(long fromEvent, long toEvent) {
    return 0;
  }

  @Override
  public void beginCapture(long stream) {
    calls.add("beginCapture");
  }

  @Override
  public long endCapture(long stream) {
    return make("endCapture", 0);
  }

  /** The next launch of a graph fails. */
  void failNextLaunch(CudaException failure) {
    nextFailure = failure;
  }

  @Override
  public void launchGraph(long graph, long stream) {
    CudaException failure = nextFailure;
    nextFailure = null;
    if (failure != null) {
      throw failure;
    }
    calls.add("launchGraph");
  }

  @Override
  public void reset() {
    calls.add("reset");
    held.clear();
  }

  @Override
  public void destroyGraph(long graph) {
    giveBack("destroyGraph", graph);
  }

  @Override
  public void close() {
    calls.add("close");
  }
}
