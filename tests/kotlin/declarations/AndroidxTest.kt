/**
 * Declarations of androidx.test, as far as the generated instrumented tests use it: Google's Maven repository cannot be
 * reached by these tests. Written by hand after its published reference. Nothing here does anything.
 */
package androidx.test.platform.app

import android.app.Instrumentation
import android.os.Bundle

public object InstrumentationRegistry {
    @JvmStatic public fun getInstrumentation(): Instrumentation = TODO()

    @JvmStatic public fun getArguments(): Bundle = TODO()
}
