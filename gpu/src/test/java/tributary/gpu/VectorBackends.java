package tributary.gpu;

import java.io.IOException;
import java.io.InputStream;
import java.lang.reflect.InvocationTargetException;

/**
 * Opens the vector backend at a chosen vector width. The width is a constant of its classes, so
 * each width is a separate load of them.
 */
final class VectorBackends {
  private static final String ROOM = "tributary.gpu.vector.";
  private static final String WIDTH = "tributary.vector.bits";

  private VectorBackends() {}

  static Backend open(int bits, int threads) {
    System.setProperty(WIDTH, Integer.toString(bits));
    try {
      return (Backend)
          new Loader()
              .loadClass(ROOM + "VectorBackend")
              .getMethod("create", int.class, String.class)
              .invoke(null, threads, "for a test");
    } catch (InvocationTargetException e) {
      throw new AssertionError(e.getCause());
    } catch (ReflectiveOperationException e) {
      throw new LinkageError("vector room", e);
    } finally {
      System.clearProperty(WIDTH);
    }
  }

  /** Defines the vector room's classes anew; all others are the test's own. */
  private static final class Loader extends ClassLoader {
    Loader() {
      super(VectorBackends.class.getClassLoader());
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
      if (!name.startsWith(ROOM)) {
        return super.loadClass(name, resolve);
      }
      synchronized (getClassLoadingLock(name)) {
        Class<?> loaded = findLoadedClass(name);
        return loaded == null ? define(name) : loaded;
      }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
      try (InputStream in = getParent().getResourceAsStream(name.replace('.', '/') + ".class")) {
        if (in == null) {
          throw new ClassNotFoundException(name);
        }
        byte[] bytes = in.readAllBytes();
        return defineClass(name, bytes, 0, bytes.length);
      } catch (IOException e) {
        throw new ClassNotFoundException(name, e);
      }
    }
  }
}
