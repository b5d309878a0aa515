"""A browser of one window for the journeys: WebKitGTK with its profile on the disk.

The browser that comes with WebKitGTK forgets everything when it is driven by a program; a phone does not.
Arguments: the folder of the profile, width and height.
"""

import sys

import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2

profile, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
store = WebKit2.WebsiteDataManager(base_data_directory=profile, base_cache_directory=f"{profile}/cache")
store.get_cookie_manager().set_persistent_storage(f"{profile}/cookies.db", WebKit2.CookiePersistentStorage.SQLITE)
context = WebKit2.WebContext(website_data_manager=store)
context.set_preferred_languages(["zh-CN"])
context.set_automation_allowed(True)

window = Gtk.Window()
window.set_decorated(False)
window.set_default_size(width, height)


def on_create_web_view(_session):
    view = WebKit2.WebView(web_context=context, is_controlled_by_automation=True)
    # What the page complains of, where the journey looks for it.
    view.get_settings().set_enable_write_console_messages_to_stdout(True)
    window.add(view)
    window.show_all()
    return view


def on_automation_started(_context, session):
    info = WebKit2.ApplicationInfo()
    info.set_name("WebKitGTK")
    info.set_version(WebKit2.get_major_version(), WebKit2.get_minor_version(), WebKit2.get_micro_version())
    session.set_application_info(info)
    session.connect("create-web-view", on_create_web_view)


context.connect("automation-started", on_automation_started)
Gtk.main()
