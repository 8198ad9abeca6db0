/* A microphone, a speaker and a camera for a program under test that chooses among the devices GStreamer tells of: a tone that
 * comes and goes, nothing, and a moving picture. */

#define PACKAGE "starling-tests"
#include <gst/gst.h>

typedef GstDevice TestDevice;
typedef GstDeviceClass TestDeviceClass;
typedef GstDeviceProvider TestProvider;
typedef GstDeviceProviderClass TestProviderClass;

GType test_device_get_type(void);
GType test_provider_get_type(void);
G_DEFINE_TYPE(TestDevice, test_device, GST_TYPE_DEVICE)
G_DEFINE_TYPE(TestProvider, test_provider, GST_TYPE_DEVICE_PROVIDER)

static GstElement *create_element(GstDevice *device, const gchar *name) {
    GstElement *element;
    if (gst_device_has_classes(device, "Audio/Source")) {
        element = gst_element_factory_make("audiotestsrc", name);
        /* Bursts, as of words: what tells voice from noise leaves them. Far from the tone that is played here, which would be
         * taken for their echo. */
        gst_util_set_object_arg(G_OBJECT(element), "wave", "ticks");
        g_object_set(element, "is-live", TRUE, "freq", 1000.0, "volume", 1.0, "tick-interval", (guint64)(370 * GST_MSECOND),
                     "sine-periods-per-tick", 200, NULL);
    } else if (gst_device_has_classes(device, "Video/Source")) {
        element = gst_element_factory_make("videotestsrc", name);
        gst_util_set_object_arg(G_OBJECT(element), "pattern", "ball");
        g_object_set(element, "is-live", TRUE, NULL);
    } else {
        element = gst_element_factory_make("fakesink", name);
    }
    return element;
}

static void test_device_class_init(TestDeviceClass *class) { class->create_element = create_element; }
static void test_device_init(TestDevice *device) { (void)device; }

static GstDevice *make_device(const gchar *name, const gchar *class, const gchar *caps_in_words) {
    GstCaps *caps = gst_caps_from_string(caps_in_words);
    GstStructure *properties = gst_structure_new_empty("test-proplist");
    GstDevice *device = g_object_new(test_device_get_type(), "name", name, "display-name", name, "device-class", class,
                                     "caps", caps, "properties", properties, NULL);
    gst_caps_unref(caps);
    gst_structure_free(properties);
    return device;
}

static GList *probe(GstDeviceProvider *provider) {
    (void)provider;
    const gchar *sound = "audio/x-raw,rate=48000,channels=1";
    GList *devices = NULL;
    devices = g_list_append(devices, make_device("test-microphone", "Audio/Source", sound));
    devices = g_list_append(devices, make_device("test-speaker", "Audio/Sink", sound));
    devices = g_list_append(devices, make_device("test-camera", "Video/Source",
                                                 "video/x-raw,format=I420,width=640,height=360,framerate=30/1"));
    return devices;
}

static gboolean start(GstDeviceProvider *provider) {
    GList *devices = probe(provider);
    for (GList *device = devices; device; device = device->next) gst_device_provider_device_add(provider, device->data);
    g_list_free(devices);
    return TRUE;
}

static void stop(GstDeviceProvider *provider) { (void)provider; }

static void test_provider_class_init(TestProviderClass *class) {
    class->probe = probe;
    class->start = start;
    class->stop = stop;
    gst_device_provider_class_set_static_metadata(class, "Devices of a test", "Sink/Source/Audio/Video",
                                                  "Devices that need no hardware", "Starling");
}
static void test_provider_init(TestProvider *provider) { (void)provider; }

static gboolean plugin_init(GstPlugin *plugin) {
    return gst_device_provider_register(plugin, "testdeviceprovider", GST_RANK_PRIMARY + 100, test_provider_get_type());
}

GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, testdevices, "Devices of a test", plugin_init, "1", "LGPL", PACKAGE,
                  "https://example.org/")
