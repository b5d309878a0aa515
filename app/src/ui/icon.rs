//! The one set of icons: 24 px, 1.75 px stroke, drawn for this product.

use leptos::prelude::*;

/// An icon by meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    Today,
    Rounds,
    Tickets,
    Households,
    More,
    Sync,
    Offline,
    Alert,
    Check,
    CheckCircle,
    Plus,
    Minus,
    Back,
    Forward,
    Phone,
    Camera,
    Code,
    Pen,
    Search,
    Close,
    Clock,
    User,
    Users,
    Dashboard,
    Template,
    Calendar,
    Device,
    SignOut,
    Download,
    Print,
    Star,
    Pause,
    Play,
    Undo,
    Globe,
    Sun,
    Trash,
    Outbox,
    Money,
    Talk,
    Pin,
    Up,
    Down,
    Link,
    Key,
}

impl Icon {
    /// The strokes, as one SVG path.
    fn path(self) -> &'static str {
        match self {
            Icon::Today => {
                "M4 6.5A1.5 1.5 0 0 1 5.500 5h13A1.5 1.5 0 0 1 20 6.500v12a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 18.500zM4 9.500h16M8 3v4M16 3v4M8.500 14.500l2.500 2.500 4.500-5"
            }
            Icon::Rounds => {
                "M6 20a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM18 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM8 18h7.500a3.500 3.500 0 0 0 0-7h-7a3 3 0 0 1 0-6H16"
            }
            Icon::Tickets => {
                "M14.500 6.500a4 4 0 0 1 5-1.300l-2.700 2.700 1.300 2.300 2.300.4 1-1A4.200 4.200 0 0 1 15.500 13L8 20.300a2 2 0 0 1-2.900 0l-1.400-1.400a2 2 0 0 1 0-2.900L11 8.500a4 4 0 0 1 3.500-2z"
            }
            Icon::Households => {
                "M4 21V6.500L12 3v18M12 9l8 2.500V21M3 21h18M7 9.500h2M7 13h2M7 16.500h2M15.500 14h1.500M15.500 17.500h1.500"
            }
            Icon::More => "M5 12h.01M12 12h.01M19 12h.01",
            Icon::Sync => {
                "M20 11a8 8 0 0 0-14.300-4L4 9M4 4.500V9h4.500M4 13a8 8 0 0 0 14.300 4L20 15M20 19.500V15h-4.500"
            }
            Icon::Offline => {
                "M3 3l18 18M8.500 8.600A5.500 5.500 0 0 0 7 19h10.500M10.700 6.200A6 6 0 0 1 18 11a4 4 0 0 1 3 5.900"
            }
            Icon::Alert => {
                "M12 8.500v5M12 17h.01M10.300 4.300 2.900 17a2 2 0 0 0 1.700 3h14.800a2 2 0 0 0 1.700-3L13.700 4.300a2 2 0 0 0-3.400 0z"
            }
            Icon::Check => "M5 12.500l4.500 4.500L19 7",
            Icon::CheckCircle => {
                "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM8 12.300l2.800 2.800L16 9.500"
            }
            Icon::Plus => "M12 5v14M5 12h14",
            Icon::Minus => "M5 12h14",
            Icon::Back => "M15 5l-7 7 7 7",
            Icon::Forward => "M9 5l7 7-7 7",
            Icon::Phone => {
                "M6 3.500h3l1.500 4.500-2 1.500a12 12 0 0 0 6 6l1.500-2 4.500 1.500v3a2 2 0 0 1-2.200 2A17 17 0 0 1 4 5.700 2 2 0 0 1 6 3.500z"
            }
            Icon::Camera => {
                "M4 8.500A1.500 1.500 0 0 1 5.500 7h2L9 4.500h6L16.500 7h2A1.500 1.500 0 0 1 20 8.500v9a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 17.500zM12 16a3.200 3.200 0 1 0 0-6.400 3.200 3.200 0 0 0 0 6.400z"
            }
            Icon::Code => {
                "M4 4h6v6H4zM14 4h6v6h-6zM4 14h6v6H4zM14 14h2.500v2.500M20 14v2M14 20h2M19 18.500V20h1"
            }
            Icon::Pen => {
                "M4 20l1-4.500L16.500 4a2 2 0 0 1 2.800 0l.7.700a2 2 0 0 1 0 2.800L8.500 19zM14 6.500l3.500 3.500"
            }
            Icon::Search => {
                "M10.500 17a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM15.300 15.300 20 20"
            }
            Icon::Close => "M6 6l12 12M18 6L6 18",
            Icon::Clock => "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM12 7.500V12l3 2",
            Icon::User => {
                "M12 11.500a3.750 3.750 0 1 0 0-7.500 3.750 3.750 0 0 0 0 7.500zM5 20a7 7 0 0 1 14 0"
            }
            Icon::Users => {
                "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 19.500a6.500 6.500 0 0 1 13 0M16 5a3.500 3.500 0 0 1 0 6.500M18 14.500a6.500 6.500 0 0 1 3.500 5"
            }
            Icon::Dashboard => "M4 13h7V4H4zM13 20h7V4h-7zM4 20h7v-4H4z",
            Icon::Template => "M6 4h12v16H6zM9 8.500h6M9 12h6M9 15.500h4",
            Icon::Calendar => {
                "M4 6.500A1.500 1.500 0 0 1 5.500 5h13A1.500 1.500 0 0 1 20 6.500v12a1.500 1.500 0 0 1-1.500 1.500h-13A1.500 1.500 0 0 1 4 18.500zM4 9.500h16M8 3v4M16 3v4"
            }
            Icon::Device => {
                "M7.500 3h9A1.500 1.500 0 0 1 18 4.500v15a1.500 1.500 0 0 1-1.500 1.500h-9A1.500 1.500 0 0 1 6 19.500v-15A1.500 1.500 0 0 1 7.500 3zM10.500 18h3"
            }
            Icon::SignOut => {
                "M14 4h4.500A1.500 1.500 0 0 1 20 5.500v13a1.500 1.500 0 0 1-1.500 1.500H14M4 12h11M8 8l-4 4 4 4"
            }
            Icon::Download => "M12 4v11M7.500 11l4.500 4.500 4.500-4.500M4.500 19.500h15",
            Icon::Print => {
                "M7 9V3.500h10V9M7 17H4.500v-6A2 2 0 0 1 6.500 9h11a2 2 0 0 1 2 2v6H17M7 14h10v6.500H7z"
            }
            Icon::Star => {
                "M12 3.500l2.600 5.400 5.900.8-4.300 4.100 1 5.900L12 16.900l-5.200 2.800 1-5.900L3.500 9.700l5.900-.8z"
            }
            Icon::Pause => "M8.500 5v14M15.500 5v14",
            Icon::Play => "M7 4.500l12 7.500-12 7.500z",
            Icon::Undo => "M8 5L4 9l4 4M4 9h10a5.500 5.500 0 0 1 0 11H9",
            Icon::Globe => {
                "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM3.500 12h17M12 3c2.500 2.500 3.700 5.500 3.700 9s-1.200 6.500-3.700 9c-2.500-2.500-3.700-5.500-3.700-9S9.500 5.500 12 3z"
            }
            Icon::Sun => {
                "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400"
            }
            Icon::Trash => {
                "M4.500 6.500h15M9.500 6.500V4h5v2.500M6.500 6.500l1 13.500h9l1-13.500M10 10.500v6M14 10.500v6"
            }
            Icon::Outbox => {
                "M4 13.500l2.500-8h11l2.500 8v6H4zM4 13.500h4.500l1.500 2.500h4l1.500-2.500H20"
            }
            Icon::Money => "M6 4l6 8 6-8M12 12v8.500M7 13h10M7 16.500h10",
            Icon::Talk => {
                "M4 5.500A1.500 1.500 0 0 1 5.500 4h13A1.500 1.500 0 0 1 20 5.500v9a1.500 1.500 0 0 1-1.500 1.500H11l-4.500 4v-4h-1A1.500 1.500 0 0 1 4 14.500zM8 8.500h8M8 11.500h5"
            }
            Icon::Pin => {
                "M12 21s6.500-6 6.500-11a6.500 6.500 0 0 0-13 0c0 5 6.500 11 6.500 11zM12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5z"
            }
            Icon::Up => "M6 15l6-6 6 6",
            Icon::Down => "M6 9l6 6 6-6",
            Icon::Link => {
                "M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.700-5.700L12 7M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.700 5.700L12 17"
            }
            Icon::Key => {
                "M8 19a4.500 4.500 0 1 0 0-9 4.500 4.500 0 0 0 0 9zM11.300 11.500 20 3M16 7l3 3M13.500 9.500l2 2"
            }
        }
    }
}

/// Draws an icon; hidden from screen readers, a text always stands beside it.
#[component]
pub fn Glyph(icon: Icon, #[prop(optional)] small: bool) -> impl IntoView {
    view! {
        <svg class="icon" class:small=small viewBox="0 0 24 24" aria-hidden="true" focusable="false">
            <path d=icon.path()></path>
        </svg>
    }
}
