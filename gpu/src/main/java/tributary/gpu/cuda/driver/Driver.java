package tributary.gpu.cuda.driver;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * One device and what the CUDA driver does with it. Handles and device addresses are plain numbers;
 * whoever makes something gives it back. Calls may come from any thread. All failures are {@link
 * CudaException}s.
 */
public interface Driver extends AutoCloseable {
  /** What is known of the device. */
  DeviceFacts facts();

  /** Device memory; its content is whatever was there. */
  long allocate(long bytes);

  void free(long address);

  /** Host memory that copies reach directly. */
  MemorySegment allocatePinned(long bytes);

  void freePinned(MemorySegment memory);

  /** Lets copies to the device reach native memory directly that was not allocated here. */
  void pin(MemorySegment memory);

  void unpin(MemorySegment memory);

  /** Starts a copy from native memory; from pinned memory it does not wait. */
  void copyToDevice(long to, MemorySegment from, long stream);

  /** Starts a copy to native memory; to pinned memory it does not wait. */
  void copyToHost(MemorySegment to, long from, long stream);

  void copyOnDevice(long to, long from, long bytes, long stream);

  void fill(long address, byte value, long bytes, long stream);

  /** Loads a fat binary. */
  long loadModule(byte[] binary);

  void unloadModule(long module);

  /** The kernel of this name, if the module has one. */
  Optional<Long> function(long module, String name);

  /** Lets a kernel use this much dynamic shared memory. */
  void allowSharedMemory(long function, int bytes);

  /** How many clusters of this launch the device holds at once. */
  int clustersAtOnce(long function, LaunchShape shape);

  void launch(long function, LaunchShape shape, Arguments arguments, long stream);

  long createStream();

  void destroyStream(long stream);

  void synchronize(long stream);

  long createEvent();

  void destroyEvent(long event);

  void recordEvent(long event, long stream);

  void awaitEvent(long event);

  /** Lets what is put on the stream from now on wait for a recorded event. */
  void await(long event, long stream);

  /** Between two recorded events that have come to pass. */
  double milliseconds(long fromEvent, long toEvent);

  /** Work of this thread on the stream is recorded instead of done, until {@link #endCapture}. */
  void beginCapture(long stream);

  /** Ends recording; the result can be launched any number of times. */
  long endCapture(long stream);

  void launchGraph(long graph, long stream);

  void destroyGraph(long graph);

  /**
   * Begins anew after a failure that broke the context: everything that was ever made is gone, and
   * is not to be given back. Fails where the driver allows it to a new process only.
   */
  void reset();

  @Override
  void close();
}
