-- name: FormPrintCreate :exec
insert into form_print (key, print) values (@key, @print);

-- name: FormPrintGet :one
select print from form_print where key = @key;

-- name: FormPrintDeleteOld :execrows
delete from form_print where at < now() - interval '90 days';
