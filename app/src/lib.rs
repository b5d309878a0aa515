//! The Guanjia web app.
