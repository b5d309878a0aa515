//! Devices 设备: who has which phone, and when it was last in step with the server.

mod devices_page;

pub use devices_page::DevicesPage;
