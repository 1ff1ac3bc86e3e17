/**
 * Uses the generated demo as a person would, on the code of Android 8 and 14 (Robolectric) with real inference on this
 * machine, and prints what is on the screen for the Python test to judge. The system property `files` names a folder of
 * pictures.
 */
package com.example.demo

import android.content.Intent
import android.graphics.Bitmap
import android.net.Uri
import android.os.Build
import android.os.Looper
import android.view.View
import android.widget.Button
import android.widget.ImageView
import android.widget.RadioButton
import android.widget.TextView
import com.example.demo.library.decodePixels
import com.example.demo.library.readPixels
import com.example.demo.library.toPixels
import java.io.File
import java.util.HexFormat
import org.junit.Test
import org.junit.runner.RunWith
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode

private const val LONGEST_NS = 60_000_000_000L

@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
@Config(sdk = [26, 34])
class DemoRun {
    private val files = File(checkNotNull(System.getProperty("files")))

    @Test
    fun demo() {
        val controller = Robolectric.buildActivity(MainActivity::class.java).setup()
        val first = controller.get()
        press(first, R.id.check)
        told("check", shown(first))
        press(first, R.id.measure)
        told("measure", shown(first))
        first.findViewById<Button>(R.id.pick).performClick()
        val picking = shadowOf(first).nextStartedActivityForResult
        told("picker", picking.intent.action.orEmpty())
        val picked = Intent().setData(Uri.fromFile(File(files, "turned.jpg")))
        shadowOf(first).receiveResult(picking.intent, -1, picked)
        wait(first)
        told("look", shown(first))
        val second = controller.recreate().get()
        shadowOf(Looper.getMainLooper()).idle()
        val same = shown(second) == shown(first) && pictureOf(second) == pictureOf(first)
        told("rotated", "${second !== first} $same")
        second.findViewById<RadioButton>(R.id.graphics).performClick()
        press(second, R.id.check)
        told("graphics", shown(second))
        second.findViewById<Button>(R.id.photograph).performClick()
        val taking = shadowOf(second).nextStartedActivityForResult.intent
        told("camera", "${taking.action} ${taking.flags and 3} ${taking.clipData?.getItemAt(0)?.uri?.scheme}")
        controller.pause().stop().destroy()
    }

    @Test
    fun pictures() {
        for (file in files.listFiles().orEmpty().sortedBy { it.name }) {
            val resolver = RuntimeEnvironment.getApplication().contentResolver
            val pixels = runCatching { readPixels(resolver, Uri.fromFile(file)) }
            val hex = HexFormat.of()
            val shown = pixels.fold({ "${it.width} ${it.height} ${hex.formatHex(it.data)}" }, { it.toString() })
            told("read ${file.name}", shown)
        }
        val plain = checkNotNull(android.graphics.BitmapFactory.decodeFile(File(files, "colour.png").path))
        val pixels = decodePixels(File(files, "colour.png").readBytes())
        for (config in listOf(Bitmap.Config.ARGB_8888, Bitmap.Config.RGBA_F16, Bitmap.Config.HARDWARE)) {
            val copy = checkNotNull(plain.copy(config, false))
            told("config $config", "${copy.toPixels().data.contentEquals(pixels.data)}")
        }
        val alpha = checkNotNull(plain.copy(Bitmap.Config.ALPHA_8, false))
        told("config ALPHA_8", runCatching { alpha.toPixels() }.exceptionOrNull()?.message.orEmpty())
    }

    private fun press(activity: MainActivity, button: Int) {
        activity.findViewById<Button>(button).performClick()
        wait(activity)
    }

    private fun wait(activity: MainActivity) {
        val end = System.nanoTime() + LONGEST_NS
        do {
            shadowOf(Looper.getMainLooper()).idle()
            Thread.sleep(10)
            check(System.nanoTime() < end) { "The demo is still busy." }
        } while (activity.findViewById<View>(R.id.busy).visibility == View.VISIBLE)
    }

    private fun shown(activity: MainActivity): String = activity.findViewById<TextView>(R.id.result).text.toString()

    private fun pictureOf(activity: MainActivity): Int? =
        activity.findViewById<ImageView>(R.id.picture).drawable?.intrinsicWidth

    private fun told(what: String, text: String) {
        println("SAID\t${Build.VERSION.SDK_INT} $what\t${text.replace("\n", " | ")}")
    }
}
