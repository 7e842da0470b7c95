package tributary.compression.quality.compare;

import com.sun.management.GarbageCollectionNotificationInfo;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.util.concurrent.atomic.AtomicLong;
import javax.management.ListenerNotFoundException;
import javax.management.Notification;
import javax.management.NotificationEmitter;
import javax.management.NotificationListener;
import javax.management.openmbean.CompositeData;
import tributary.protocol.Bytes;

/**
 * Watches how much heap is really needed: the most that is in use right after a garbage collection,
 * or when the watch ends. What mapped files and native memory take is not part of it.
 */
public final class PeakHeap implements NotificationListener, AutoCloseable {
  private final AtomicLong peak = new AtomicLong();

  private PeakHeap() {}

  /** Starts watching, from a clean heap. */
  public static PeakHeap watch() {
    System.gc();
    PeakHeap watch = new PeakHeap();
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (bean instanceof NotificationEmitter emitter) {
        emitter.addNotificationListener(watch, null, null);
      }
    }
    return watch;
  }

  @Override
  public void handleNotification(Notification notification, Object handback) {
    if (notification
        .getType()
        .equals(GarbageCollectionNotificationInfo.GARBAGE_COLLECTION_NOTIFICATION)) {
      var info = GarbageCollectionNotificationInfo.from((CompositeData) notification.getUserData());
      long used = 0;
      for (var pool : ManagementFactory.getMemoryPoolMXBeans()) {
        var after = info.getGcInfo().getMemoryUsageAfterGc().get(pool.getName());
        used += pool.getType() == MemoryType.HEAP && after != null ? after.getUsed() : 0;
      }
      peak.accumulateAndGet(used, Math::max);
    }
  }

  /** The most so far, a collection now included. */
  public Bytes peak() {
    System.gc();
    long used = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    return new Bytes(Math.max(peak.get(), used));
  }

  @Override
  public void close() {
    for (GarbageCollectorMXBean bean : ManagementFactory.getGarbageCollectorMXBeans()) {
      if (bean instanceof NotificationEmitter emitter) {
        try {
          emitter.removeNotificationListener(this);
        } catch (ListenerNotFoundException e) {
          throw new AssertionError("was added by watch()", e);
        }
      }
    }
  }
}
