package tributary.gpu.cuda.driver;

import static jcuda.driver.JCudaDriver.cuCtxSetCurrent;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRelease;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxReset;
import static jcuda.driver.JCudaDriver.cuDevicePrimaryCtxRetain;
import static jcuda.driver.JCudaDriver.cuEventCreate;
import static jcuda.driver.JCudaDriver.cuEventDestroy;
import static jcuda.driver.JCudaDriver.cuEventElapsedTime;
import static jcuda.driver.JCudaDriver.cuEventRecord;
import static jcuda.driver.JCudaDriver.cuEventSynchronize;
import static jcuda.driver.JCudaDriver.cuFuncSetAttribute;
import static jcuda.driver.JCudaDriver.cuGetErrorName;
import static jcuda.driver.JCudaDriver.cuGraphDestroy;
import static jcuda.driver.JCudaDriver.cuGraphExecDestroy;
import static jcuda.driver.JCudaDriver.cuGraphInstantiate;
import static jcuda.driver.JCudaDriver.cuGraphLaunch;
import static jcuda.driver.JCudaDriver.cuMemAlloc;
import static jcuda.driver.JCudaDriver.cuMemFree;
import static jcuda.driver.JCudaDriver.cuMemFreeHost;
import static jcuda.driver.JCudaDriver.cuMemHostAlloc;
import static jcuda.driver.JCudaDriver.cuMemHostRegister;
import static jcuda.driver.JCudaDriver.cuMemHostUnregister;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyDtoHAsync;
import static jcuda.driver.JCudaDriver.cuMemcpyHtoDAsync;
import static jcuda.driver.JCudaDriver.cuMemsetD8Async;
import static jcuda.driver.JCudaDriver.cuModuleGetFunction;
import static jcuda.driver.JCudaDriver.cuModuleLoadData;
import static jcuda.driver.JCudaDriver.cuModuleUnload;
import static jcuda.driver.JCudaDriver.cuStreamBeginCapture;
import static jcuda.driver.JCudaDriver.cuStreamCreate;
import static jcuda.driver.JCudaDriver.cuStreamDestroy;
import static jcuda.driver.JCudaDriver.cuStreamEndCapture;
import static jcuda.driver.JCudaDriver.cuStreamSynchronize;
import static jcuda.driver.JCudaDriver.cuStreamWaitEvent;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent_flags;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUgraph;
import jcuda.driver.CUresult;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;

/** The driver that is installed here, on the primary context of one device. */
final class InstalledDriver implements Driver {
  /** Not among JCuda's constants. */
  private static final int MEMHOSTREGISTER_READ_ONLY = 0x08;

  private final CUdevice device;
  private final CUcontext context;
  private final DeviceFacts facts;
  private final LaunchExtension extension;
  private final Handles handles = new Handles();

  private InstalledDriver(
      CUdevice device, CUcontext context, DeviceFacts facts, LaunchExtension extension) {
    this.device = device;
    this.context = context;
    this.facts = facts;
    this.extension = extension;
  }

  /** Opens a device; the driver has been initialized. */
  static InstalledDriver open(CUdevice device, DeviceFacts facts, LaunchExtension extension) {
    CUcontext context = new CUcontext();
    check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(context, device));
    return new InstalledDriver(device, context, facts, extension);
  }

  static void check(String call, int status) {
    if (status != CUresult.CUDA_SUCCESS) {
      throw new CudaException(call, status, name(status));
    }
  }

  static String name(int status) {
    String[] name = new String[1];
    return cuGetErrorName(status, name) == CUresult.CUDA_SUCCESS ? name[0] : "status " + status;
  }

  /** The calling thread may never have used this device. */
  private void bind() {
    check("cuCtxSetCurrent", cuCtxSetCurrent(context));
  }

  @Override
  public DeviceFacts facts() {
    return facts;
  }

  @Override
  public long allocate(long bytes) {
    bind();
    var memory = new Handles.Memory();
    check("cuMemAlloc bytes=" + bytes, cuMemAlloc(memory, bytes));
    return memory.address();
  }

  @Override
  public void free(long address) {
    bind();
    check("cuMemFree", cuMemFree(Handles.at(address)));
  }

  @SuppressWarnings("restricted") // Start scripts and tests allow native access.
  @Override
  public MemorySegment allocatePinned(long bytes) {
    bind();
    var memory = new Handles.Host();
    check(
        "cuMemHostAlloc bytes=" + bytes,
        cuMemHostAlloc(memory, bytes, JCudaDriver.CU_MEMHOSTALLOC_PORTABLE));
    return MemorySegment.ofAddress(memory.address()).reinterpret(bytes);
  }

  @Override
  public void freePinned(MemorySegment memory) {
    bind();
    check("cuMemFreeHost", cuMemFreeHost(Handles.at(memory)));
  }

  @Override
  public void pin(MemorySegment memory) {
    bind();
    check(
        "cuMemHostRegister bytes=" + memory.byteSize(),
        cuMemHostRegister(
            Handles.at(memory),
            memory.byteSize(),
            JCudaDriver.CU_MEMHOSTREGISTER_PORTABLE | MEMHOSTREGISTER_READ_ONLY));
  }

  @Override
  public void unpin(MemorySegment memory) {
    bind();
    check("cuMemHostUnregister", cuMemHostUnregister(Handles.at(memory)));
  }

  @Override
  public void copyToDevice(long to, MemorySegment from, long stream) {
    bind();
    check(
        "cuMemcpyHtoDAsync bytes=" + from.byteSize(),
        cuMemcpyHtoDAsync(Handles.at(to), Handles.at(from), from.byteSize(), stream(stream)));
  }

  @Override
  public void copyToHost(MemorySegment to, long from, long stream) {
    bind();
    check(
        "cuMemcpyDtoHAsync bytes=" + to.byteSize(),
        cuMemcpyDtoHAsync(Handles.at(to), Handles.at(from), to.byteSize(), stream(stream)));
  }

  @Override
  public void copyOnDevice(long to, long from, long bytes, long stream) {
    bind();
    check(
        "cuMemcpyDtoDAsync bytes=" + bytes,
        cuMemcpyDtoDAsync(Handles.at(to), Handles.at(from), bytes, stream(stream)));
  }

  @Override
  public void fill(long address, byte value, long bytes, long stream) {
    bind();
    check(
        "cuMemsetD8Async bytes=" + bytes,
        cuMemsetD8Async(Handles.at(address), value, bytes, stream(stream)));
  }

  @Override
  public long loadModule(byte[] binary) {
    bind();
    var module = new Handles.Module();
    check("cuModuleLoadData", cuModuleLoadData(module, binary));
    handles.modules.put(module.handle(), module);
    return module.handle();
  }

  @Override
  public void unloadModule(long module) {
    bind();
    check("cuModuleUnload", cuModuleUnload(Handles.known(handles.modules, module, "module")));
    handles.modules.remove(module);
  }

  @Override
  public Optional<Long> function(long module, String name) {
    bind();
    var function = new Handles.Function();
    int status =
        cuModuleGetFunction(function, Handles.known(handles.modules, module, "module"), name);
    if (status == CUresult.CUDA_ERROR_NOT_FOUND) {
      return Optional.empty();
    }
    check("cuModuleGetFunction name=" + name, status);
    handles.functions.put(function.handle(), function);
    return Optional.of(function.handle());
  }

  @Override
  public void allowSharedMemory(long function, int bytes) {
    bind();
    check(
        "cuFuncSetAttribute shared=" + bytes,
        cuFuncSetAttribute(
            Handles.known(handles.functions, function, "kernel"),
            CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
            bytes));
  }

  @Override
  public int clustersAtOnce(long function, LaunchShape shape) {
    bind();
    int[] clusters = new int[1];
    check(
        "cuOccupancyMaxActiveClusters " + shape,
        extension.clustersAtOnce(clusters, function, shape));
    return clusters[0];
  }

  @Override
  public void launch(long function, LaunchShape shape, Arguments arguments, long stream) {
    bind();
    check("cuLaunchKernelEx " + shape, extension.launch(function, shape, arguments, stream));
  }

  @Override
  public long createStream() {
    bind();
    var stream = new Handles.Stream();
    check("cuStreamCreate", cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING));
    handles.streams.put(stream.handle(), stream);
    return stream.handle();
  }

  @Override
  public void destroyStream(long stream) {
    bind();
    check("cuStreamDestroy", cuStreamDestroy(stream(stream)));
    handles.streams.remove(stream);
  }

  @Override
  public void synchronize(long stream) {
    bind();
    check("cuStreamSynchronize", cuStreamSynchronize(stream(stream)));
  }

  @Override
  public long createEvent() {
    bind();
    var event = new Handles.Event();
    check("cuEventCreate", cuEventCreate(event, CUevent_flags.CU_EVENT_DEFAULT));
    handles.events.put(event.handle(), event);
    return event.handle();
  }

  @Override
  public void destroyEvent(long event) {
    bind();
    check("cuEventDestroy", cuEventDestroy(event(event)));
    handles.events.remove(event);
  }

  @Override
  public void recordEvent(long event, long stream) {
    bind();
    check("cuEventRecord", cuEventRecord(event(event), stream(stream)));
  }

  @Override
  public void awaitEvent(long event) {
    bind();
    check("cuEventSynchronize", cuEventSynchronize(event(event)));
  }

  @Override
  public void await(long event, long stream) {
    bind();
    check("cuStreamWaitEvent", cuStreamWaitEvent(stream(stream), event(event), 0));
  }

  @Override
  public double milliseconds(long fromEvent, long toEvent) {
    bind();
    float[] milliseconds = new float[1];
    check("cuEventElapsedTime", cuEventElapsedTime(milliseconds, event(fromEvent), event(toEvent)));
    return milliseconds[0];
  }

  @Override
  public void beginCapture(long stream) {
    bind();
    check(
        "cuStreamBeginCapture",
        cuStreamBeginCapture(
            stream(stream), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL));
  }

  @Override
  public long endCapture(long stream) {
    bind();
    CUgraph recorded = new CUgraph();
    check("cuStreamEndCapture", cuStreamEndCapture(stream(stream), recorded));
    try {
      var graph = new Handles.Graph();
      check("cuGraphInstantiate", cuGraphInstantiate(graph, recorded, 0L));
      handles.graphs.put(graph.handle(), graph);
      return graph.handle();
    } finally {
      check("cuGraphDestroy", cuGraphDestroy(recorded));
    }
  }

  @Override
  public void launchGraph(long graph, long stream) {
    bind();
    check("cuGraphLaunch", cuGraphLaunch(graph(graph), stream(stream)));
  }

  @Override
  public void destroyGraph(long graph) {
    bind();
    check("cuGraphExecDestroy", cuGraphExecDestroy(graph(graph)));
    handles.graphs.remove(graph);
  }

  private Handles.Stream stream(long stream) {
    return Handles.known(handles.streams, stream, "stream");
  }

  private Handles.Event event(long event) {
    return Handles.known(handles.events, event, "event");
  }

  private Handles.Graph graph(long graph) {
    return Handles.known(handles.graphs, graph, "graph");
  }

  @Override
  public void reset() {
    handles.clear();
    // The broken context answers with its old error; whether the new one works shows below.
    int _ = cuDevicePrimaryCtxReset(device);
    check("cuDevicePrimaryCtxRelease", cuDevicePrimaryCtxRelease(device));
    check("cuDevicePrimaryCtxRetain", cuDevicePrimaryCtxRetain(context, device));
  }

  @Override
  public void close() {
    check("cuDevicePrimaryCtxRelease", cuDevicePrimaryCtxRelease(device));
  }
}
