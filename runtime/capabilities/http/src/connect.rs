//! A connection to a service: its name is resolved, every address that comes of it is checked, and one of these very
//! addresses is connected to.

use std::{error::Error, io, net::SocketAddr, pin::Pin};

use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

use crate::{
    address::{Place, place},
    fault::Fault,
    service::Service,
};

/// A connection, encrypted or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send {}

impl<T: AsyncRead + AsyncWrite + Send> Stream for T {}

/// Connects. `refuse` words a denial: what is wrong, and what would allow it.
pub(crate) async fn connect(
    service: &Service,
    refuse: &(dyn Fn(String, String) -> Fault + Sync),
) -> Result<Pin<Box<dyn Stream>>, Fault> {
    let addresses = checked(service, refuse).await?;
    let tcp = first(&addresses).await?;
    // Whether small packets wait is a matter of speed alone.
    let _slower = tcp.set_nodelay(true);
    let Some(tls) = &service.tls else { return Ok(Box::pin(tcp)) };
    let name = ServerName::try_from(bare(&service.origin.host).to_owned()).map_err(|_| Fault::Certificate)?;
    let stream = tls.connect(name, tcp).await.map_err(|error| tls_fault(&error))?;
    Ok(Box::pin(stream))
}

/// The service's addresses, of which none may be where it may not be.
async fn checked(
    service: &Service,
    refuse: &(dyn Fn(String, String) -> Fault + Sync),
) -> Result<Vec<SocketAddr>, Fault> {
    let origin = &service.origin;
    let addresses = service.resolver.addresses(bare(&origin.host), origin.port).await.map_err(|_| Fault::NoName)?;
    for address in &addresses {
        match place(address.ip()) {
            Place::Private(kind) if !service.private => {
                let hint = format!("add `private = true` under `[http.{}]` if it may be there", service.name);
                return Err(refuse(format!("its host is at a {kind} address"), hint));
            }
            // A name must never lead here; who writes the address itself means it.
            Place::Metadata if !service.private || bare(&origin.host).parse() != Ok(address.ip()) => {
                let hint =
                    "write that very address in `origin`, and `private = true`, if a job is to ask it".to_owned();
                return Err(refuse("its host is where a cloud hands out credentials".to_owned(), hint));
            }
            Place::Nowhere(kind) => {
                let hint = "correct the name's addresses: nothing allows this one".to_owned();
                return Err(refuse(format!("its host is at a {kind} address"), hint));
            }
            Place::Public | Place::Private(_) | Place::Metadata => {}
        }
    }
    if addresses.is_empty() { Err(Fault::NoName) } else { Ok(addresses) }
}

async fn first(addresses: &[SocketAddr]) -> Result<TcpStream, Fault> {
    for address in addresses {
        if let Ok(stream) = TcpStream::connect(address).await {
            return Ok(stream);
        }
    }
    Err(Fault::Refused)
}

/// A host without the brackets of an IPv6 address.
fn bare(host: &str) -> &str {
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

fn tls_fault(error: &io::Error) -> Fault {
    let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = cause {
        match error.downcast_ref::<rustls::Error>() {
            Some(rustls::Error::InvalidCertificate(_)) => return Fault::Certificate,
            Some(_) => return Fault::Tls,
            None => cause = error.source(),
        }
    }
    Fault::Broken
}
